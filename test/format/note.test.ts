import {
  formatNote,
  NOTE_SIGNATURES_MAX,
  parseNote,
  parseVkey,
  toBase64,
  verifyEd25519,
  verifyNote,
} from '@deponent/format'
import type { NoteSignature } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf, noteBy, signer, witness } from './signer.ts'

const FOREIGN_KEY = parseVkey('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k')
const FOREIGN_NOTE =
  'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n'
const TEXT = 'one line\nanother line\n'
const ALICE = signer('example.com/alice', 1)
const BOB = signer('example.com/bob', 2)
const LINE = `— example.com/alice ${toBase64(new Uint8Array(68))}\n`

describe('notes', () => {
  test('the note of the specification verifies under its key', () => {
    const note = parseNote(FOREIGN_NOTE)
    expect(note.text).toBe('This is an example message.\n')
    expect(verifyNote(note, [FOREIGN_KEY])).toEqual([FOREIGN_KEY])
  })

  test('a changed text is refused under a known key', () => {
    const note = parseNote(FOREIGN_NOTE.replace('example message', 'example massage'))
    expect(codeOf(() => verifyNote(note, [FOREIGN_KEY]))).toBe('bad_signature')
  })

  test('signatures by unknown keys are ignored', () => {
    const note = parseNote(noteBy(TEXT, ALICE, BOB))
    expect(verifyNote(note, [BOB.key])).toEqual([BOB.key])
    expect(verifyNote(note, [signer('example.com/carol', 3).key])).toEqual([])
    expect(verifyNote(note, [])).toEqual([])
  })

  test('a key of the same name but another id is another key', () => {
    const note = parseNote(noteBy(TEXT, ALICE))
    expect(verifyNote(note, [signer('example.com/alice', 9).key])).toEqual([])
  })

  test('one failing signature by a known key condemns the note, however many others are good', () => {
    const forged: NoteSignature = { ...BOB.sign('something else\n'), name: 'example.com/bob' }
    const note = parseNote(formatNote(TEXT, [ALICE.sign(TEXT), forged]))
    expect(codeOf(() => verifyNote(note, [ALICE.key, BOB.key]))).toBe('bad_signature')
    expect(verifyNote(note, [ALICE.key])).toEqual([ALICE.key])
  })

  test('a second, failing signature of a key that signed already condemns the note too', () => {
    const note = parseNote(formatNote(TEXT, [ALICE.sign(TEXT), ALICE.sign('something else\n')]))
    expect(codeOf(() => verifyNote(note, [ALICE.key]))).toBe('bad_signature')
  })

  test('a key that signed twice counts once', () => {
    expect(verifyNote(parseNote(noteBy(TEXT, ALICE, ALICE)), [ALICE.key])).toEqual([ALICE.key])
  })

  test('sixteen signatures and more are accepted, up to a hundred', () => {
    const signers = Array.from({ length: 20 }, (_, i) => signer(`example.com/${i}`, i + 1))
    const keys = signers.map(({ key }) => key)
    expect(verifyNote(parseNote(noteBy(TEXT, ...signers)), keys)).toEqual(keys)
    expect(parseNote(`${TEXT}\n${LINE.repeat(NOTE_SIGNATURES_MAX)}`).signatures).toHaveLength(100)
    expect(codeOf(() => parseNote(`${TEXT}\n${LINE.repeat(NOTE_SIGNATURES_MAX + 1)}`))).toBe('bad_note')
  })

  test('text and signatures part at the last blank line', () => {
    const text = `first\n\n${LINE}\nlast\n`
    const note = parseNote(noteBy(text, ALICE))
    expect(note.text).toBe(text)
    expect(note.signatures).toHaveLength(1)
    expect(verifyNote(note, [ALICE.key])).toEqual([ALICE.key])
  })

  test('a witness cosignature verifies with its time, and not without it', () => {
    const carol = witness('witness.example/carol', 3, 1_679_315_147)
    const note = parseNote(noteBy(TEXT, ALICE, carol))
    expect(verifyNote(note, [ALICE.key, carol.key])).toEqual([ALICE.key, carol.key])
    const [plain, cosigned] = note.signatures
    const later = cosigned!.signature.slice()
    later[7]! ^= 1
    const moved = parseNote(formatNote(TEXT, [plain!, { ...cosigned!, signature: later }]))
    expect(codeOf(() => verifyNote(moved, [carol.key]))).toBe('bad_signature')
    const cut = parseNote(formatNote(TEXT, [{ ...cosigned!, signature: cosigned!.signature.slice(8) }]))
    expect(codeOf(() => verifyNote(cut, [carol.key]))).toBe('bad_signature')
  })

  test('bytes and text of a note are the same note', () => {
    expect(parseNote(new TextEncoder().encode(FOREIGN_NOTE))).toEqual(parseNote(FOREIGN_NOTE))
    expect(codeOf(() => parseNote(Uint8Array.of(0xff, 0x0a)))).toBe('bad_utf8')
  })

  test('what is written is what is read', () => {
    const text = fc
      .string({ unit: fc.constantFrom('a', 'é', '\n', '—', ' ', '🦉') })
      .map((body) => `${body}\n`)
    fc.assert(
      fc.property(
        text,
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 80 }), { minLength: 1, maxLength: 5 }),
        (text, signatures) => {
          const lines = signatures.map((signature) => ({
            name: 'n',
            keyId: Uint8Array.of(1, 2, 3, 4),
            signature,
          }))
          expect(parseNote(formatNote(text, lines))).toEqual({ text, signatures: lines })
        },
      ),
    )
  })

  test.each([
    ['no signatures', 'text\n'],
    ['an empty signature block', 'text\n\n'],
    ['a last line without its end', `text\n\n${LINE.slice(0, -1)}`],
    ['a blank after the dash missing', `text\n\n${LINE.replace('— ', '—')}`],
    ['a hyphen for the dash', `text\n\n${LINE.replace('—', '-')}`],
    ['a trailing blank', `text\n\n${LINE.replace('\n', ' \n')}`],
    ['carriage returns', `text\r\n\n${LINE}`],
    ['a control character', `te\u0000xt\n\n${LINE}`],
    ['half a character', `te\ud800xt\n\n${LINE}`],
    ['a name with a plus', `text\n\n${LINE.replace('alice', 'al+ce')}`],
    ['a name with a blank of another script', `text\n\n${LINE.replace('alice', 'al\u2003ce')}`],
    ['a signature of the key id alone', `text\n\n— example.com/alice ${toBase64(new Uint8Array(4))}\n`],
    ['a line among the signatures that is none', `text\n\n${LINE}hello\n`],
    ['a megabyte and more', `${'x'.repeat(1_000_001)}\n\n${LINE}`],
  ])('refuses %s', (_, note) => {
    expect(codeOf(() => parseNote(note))).toBe('bad_note')
  })

  test('refuses base64 with stray bits in a signature', () => {
    const encoded = toBase64(new Uint8Array(68)).replace('AAA=', 'AAB=')
    expect(codeOf(() => parseNote(`text\n\n— example.com/alice ${encoded}\n`))).toBe('bad_base64')
  })

  test.each([
    ['a text without an end', 'text', [ALICE.sign('text')]],
    ['no signature', TEXT, []],
    ['a control character', 'te\txt\n', [ALICE.sign(TEXT)]],
    ['a name nobody could read back', TEXT, [{ ...ALICE.sign(TEXT), name: 'a b' }]],
    ['a key id that is none', TEXT, [{ ...ALICE.sign(TEXT), keyId: Uint8Array.of(1) }]],
  ])('does not write %s', (_, text, signatures) => {
    expect(codeOf(() => formatNote(text, signatures))).toBe('bad_note')
  })

  test('the way Ed25519 is checked can be chosen', () => {
    const asked: number[] = []
    const note = parseNote(noteBy(TEXT, ALICE))
    const record = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => {
      asked.push(publicKey.length, message.length, signature.length)
      return true
    }
    expect(verifyNote(note, [ALICE.key], record)).toEqual([ALICE.key])
    expect(asked).toEqual([32, TEXT.length, 64])
  })

  test('checking a signature of the wrong length answers no', () => {
    for (const length of [0, 63, 65]) {
      expect(verifyEd25519(ALICE.key.publicKey, new Uint8Array(1), new Uint8Array(length))).toBe(false)
    }
    expect(verifyEd25519(new Uint8Array(31), new Uint8Array(1), new Uint8Array(64))).toBe(false)
    expect(verifyEd25519(new Uint8Array(32).fill(255), new Uint8Array(1), new Uint8Array(64))).toBe(false)
  })
})
