import { formatNote, parseVkey, toBase64, toHex } from '../../packages/format/src/index.ts'
import {
  AT_MS,
  checkpointText,
  LEDGER_SIGNER,
  ORIGIN,
  promiseText,
  RECEIPT_SIGNER,
  STRANGER,
  WITNESSES,
} from './ledger.ts'
import { noteBy, noteSigner } from './signers.ts'

const FOREIGN_VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const FOREIGN_NOTE =
  'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n'

export function vkeyVectors(): object {
  const vkeys = [FOREIGN_VKEY, LEDGER_SIGNER.vkey, RECEIPT_SIGNER.vkey, WITNESSES[0]!.vkey]
  return {
    description:
      'Verifier keys: name, key id (hex), type, public key (hex). Type 1 is Ed25519, type 4 a witness cosignature.',
    valid: vkeys.map((vkey) => {
      const { name, keyId, type, publicKey } = parseVkey(vkey)
      return { vkey, name, keyId: toHex(keyId), type, publicKey: toHex(publicKey) }
    }),
    invalid: [
      { name: 'a key id of another name', vkey: FOREIGN_VKEY.replace('foo', 'bar') },
      { name: 'a changed key', vkey: FOREIGN_VKEY.replace('AekyeR', 'AekyeS') },
      { name: 'an upper-case key id', vkey: FOREIGN_VKEY.replace('530d903a', '530D903A') },
      { name: 'no key', vkey: 'example.com/foo+530d903a' },
      { name: 'an empty name', vkey: FOREIGN_VKEY.replace('example.com/foo', '') },
      { name: 'a name with a blank', vkey: FOREIGN_VKEY.replace('/', ' ') },
      { name: 'a short key', vkey: 'example.com/foo+530d903a+AekyeRrm' },
      { name: 'a type nobody knows', vkey: FOREIGN_VKEY.replace('+Aeky', '+f+ky') },
    ],
  }
}

/** Notes with the keys a reader has, and which of them signed. */
export function noteVectors(): object {
  const text = 'one line\nanother line\n'
  const alice = noteSigner('example.com/alice', 6)
  const bob = noteSigner('example.com/bob', 7)
  const [carol] = WITNESSES
  const both = noteBy(text, alice, bob)
  const line = `— example.com/alice ${toBase64(new Uint8Array(68))}\n`
  const blankLines = `first\n\n${line}\nlast\n`
  const forged = formatNote(text, [alice.sign(text), bob.sign('something else\n')])
  const many = Array.from({ length: 16 }, (_, i) => noteSigner(`example.com/${i}`, 32 + i))
  return {
    description:
      'Signed notes, the vkeys a reader knows, and those that signed. `text` is what was signed. Invalid notes are malformed, or carry a signature by a known key that does not verify.',
    valid: [
      {
        name: 'the example of the specification',
        note: FOREIGN_NOTE,
        keys: [FOREIGN_VKEY],
        signedBy: [FOREIGN_VKEY],
        text: 'This is an example message.\n',
      },
      {
        name: 'two signatures, both known',
        note: both,
        keys: [alice.vkey, bob.vkey],
        signedBy: [alice.vkey, bob.vkey],
        text,
      },
      { name: 'two signatures, one known', note: both, keys: [bob.vkey], signedBy: [bob.vkey], text },
      { name: 'no key known', note: both, keys: [], signedBy: [], text },
      {
        name: 'a forged signature by an unknown key',
        note: forged,
        keys: [alice.vkey],
        signedBy: [alice.vkey],
        text,
      },
      {
        name: 'blank lines and a signature-like line inside the text',
        note: noteBy(blankLines, alice),
        keys: [alice.vkey],
        signedBy: [alice.vkey],
        text: blankLines,
      },
      {
        name: 'a witness cosignature',
        note: noteBy(text, alice, carol!),
        keys: [carol!.vkey],
        signedBy: [carol!.vkey],
        text,
      },
      {
        name: 'sixteen signatures',
        note: noteBy(text, ...many),
        keys: [many[15]!.vkey],
        signedBy: [many[15]!.vkey],
        text,
      },
    ],
    invalid: [
      { name: 'a changed text', note: both.replace('another', 'an0ther'), keys: [alice.vkey] },
      { name: 'one good and one forged signature, both known', note: forged, keys: [alice.vkey, bob.vkey] },
      { name: 'no signatures', note: text, keys: [] },
      { name: 'an empty signature block', note: `${text}\n`, keys: [] },
      { name: 'a last line without its end', note: both.slice(0, -1), keys: [] },
      { name: 'a hyphen for the dash', note: both.replace('—', '-'), keys: [] },
      { name: 'carriage returns', note: both.replaceAll('\n', '\r\n'), keys: [] },
      { name: 'a name with a plus', note: `${text}\n${line.replace('alice', 'al+ce')}`, keys: [] },
      { name: 'a signature of the key id alone', note: `${text}\n— example.com/alice AAAAAA==\n`, keys: [] },
      { name: 'base64 with stray bits', note: `${text}\n${line.replace('AAA=', 'AAB=')}`, keys: [] },
      { name: 'a line among the signatures that is none', note: `${both}hello\n`, keys: [] },
    ],
  }
}

export function checkpointVectors(): object {
  const text = checkpointText(33)
  const [origin, , root] = text.split('\n')
  return {
    description:
      'Note texts of checkpoints: origin, size, root (base64). Lines behind the root are allowed and not interpreted.',
    valid: [
      { text, origin, size: 33, root },
      { text: `${origin}\n0\n${root}\n`, origin, size: 0, root },
      { text: `${origin}\n9007199254740991\n${root}\n`, origin, size: Number.MAX_SAFE_INTEGER, root },
      { text: `${text}an extension\n`, origin, size: 33, root },
    ],
    invalid: [
      { name: 'no end', text: text.slice(0, -1) },
      { name: 'an empty origin', text: `\n33\n${root}\n` },
      { name: 'a leading zero', text: `${origin}\n033\n${root}\n` },
      { name: 'a sign', text: `${origin}\n+33\n${root}\n` },
      { name: 'a fraction', text: `${origin}\n33.0\n${root}\n` },
      { name: 'a size of 2^53', text: `${origin}\n9007199254740992\n${root}\n` },
      { name: 'no root', text: `${origin}\n33\n` },
      { name: 'a root of 31 bytes', text: `${origin}\n33\n${toBase64(new Uint8Array(31))}\n` },
      { name: 'an empty extension line', text: `${text}\nan extension\n` },
    ],
  }
}

export function promiseVectors(): object {
  const text = promiseText(7, 18)
  const root = text.split('\n')[2]
  return {
    description:
      'Note texts of promises: origin (without /promise), half-open range, root (base64) over those leaves, Unix milliseconds.',
    valid: [
      { text, origin: ORIGIN, start: 7, end: 18, root, at: AT_MS },
      { text: text.replace('7 18', '0 1'), origin: ORIGIN, start: 0, end: 1, root, at: AT_MS },
    ],
    invalid: [
      { name: 'a checkpoint', text: checkpointText(33) },
      { name: 'a first line without /promise', text: text.replace('/promise', '') },
      { name: 'no origin', text: text.replace(ORIGIN, '') },
      { name: 'an empty range', text: text.replace('7 18', '7 7') },
      { name: 'a range that ends before it starts', text: text.replace('7 18', '18 7') },
      { name: 'two blanks', text: text.replace('7 18', '7  18') },
      { name: 'a leading zero', text: text.replace('7 18', '07 18') },
      { name: 'a range that ends at 2^53', text: text.replace('7 18', '7 9007199254740992') },
      { name: 'a time that is no integer', text: text.replace(`${AT_MS}`, `${AT_MS}.5`) },
      { name: 'a fifth line', text: `${text}more\n` },
      { name: 'no end', text: text.slice(0, -1) },
    ],
  }
}

/** Who signs what in the vectors, for readers who want to make more. */
export function signerVectors(): object {
  const named = (name: string, seed: number, vkey: string) => ({
    name,
    secret: toHex(new Uint8Array(32).fill(seed)),
    vkey,
  })
  return {
    description:
      'The Ed25519 secrets (RFC 8032 seeds, hex) behind the vectors. Public, so they protect nothing.',
    signers: [
      named('the ledger', 1, LEDGER_SIGNER.vkey),
      named('its receipts', 2, RECEIPT_SIGNER.vkey),
      named('a stranger under the name of the ledger', 3, STRANGER.vkey),
      named('a witness', 4, WITNESSES[0]!.vkey),
      named('another witness', 5, WITNESSES[1]!.vkey),
    ],
  }
}
