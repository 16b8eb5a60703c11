import {
  decodeEntryTile,
  decodeHashTile,
  encodeEntryTile,
  encodeHashTile,
  FormatError,
  fromBase64,
  fromHex,
  fromUtf8,
  parseCheckpoint,
  parseNote,
  parsePromise,
  parseReceipts,
  parseTilePath,
  parseTlogProof,
  parseTrust,
  parseVkey,
  readHead,
  toBase64,
  toHex,
  utf8,
  verifyReceipt,
  verifyTlogProof,
} from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CHECKPOINT_SIGNER,
  checkpointNote,
  LEAVES,
  ORIGIN,
  promiseNote,
  proofText,
  RECEIPT_SIGNER,
  savedAnswer,
  TRUST,
} from './ledger-of-tests.ts'

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const trustFile = JSON.stringify({
  ledgers: [
    {
      origin: ORIGIN,
      keys: [{ vkey: RECEIPT_SIGNER.key.vkey, use: 'promise', sizes: '0..' }],
      witnesses: [],
      quorum: 0,
      timestampRoots: [],
    },
  ],
})

/** Every decoder of foreign bytes, with bytes it accepts. */
const DECODERS: [name: string, valid: Uint8Array, decode: (bytes: Uint8Array) => unknown][] = [
  ['fromUtf8', utf8('Tür'), fromUtf8],
  ['fromHex', utf8(toHex(LEAVES[0]!)), (bytes) => fromHex(text(bytes))],
  ['fromBase64', utf8(toBase64(LEAVES[0]!)), (bytes) => fromBase64(text(bytes))],
  ['parseVkey', utf8(CHECKPOINT_SIGNER.key.vkey), (bytes) => parseVkey(text(bytes))],
  ['parseNote of bytes', utf8(checkpointNote(20)), parseNote],
  ['parseNote of text', utf8(checkpointNote(20)), (bytes) => parseNote(text(bytes))],
  [
    'parseCheckpoint',
    utf8(checkpointNote(20).split('\n\n')[0]! + '\n'),
    (bytes) => parseCheckpoint(text(bytes)),
  ],
  ['parsePromise', utf8(promiseNote(7, 18).split('\n\n')[0]! + '\n'), (bytes) => parsePromise(text(bytes))],
  ['parseTlogProof', utf8(proofText(9, 20)), (bytes) => parseTlogProof(text(bytes))],
  ['parseTilePath', utf8('tile/0/x001/067.p/5'), (bytes) => parseTilePath(text(bytes))],
  ['decodeEntryTile', encodeEntryTile(LEAVES), decodeEntryTile],
  ['decodeHashTile', encodeHashTile(LEAVES), decodeHashTile],
  ['parseReceipts', utf8(JSON.stringify(savedAnswer(7, 10))), (bytes) => parseReceipts(text(bytes))],
  ['parseTrust', utf8(trustFile), (bytes) => parseTrust(text(bytes))],
]

/** Verifiers answer: for them not even a FormatError is right. */
const VERIFIERS: typeof DECODERS = [
  ['verifyReceipt', utf8(JSON.stringify(savedAnswer(7, 10))), (bytes) => verifyReceipt(text(bytes), TRUST)],
  [
    'verifyTlogProof',
    utf8(proofText(9, 20)),
    (bytes) => verifyTlogProof(text(bytes), { entry: LEAVES[9]! }, TRUST),
  ],
  [
    'readHead of a receipt',
    utf8(JSON.stringify(savedAnswer(7, 10))),
    (bytes) => readHead(text(bytes), TRUST),
  ],
  ['readHead of a checkpoint', utf8(checkpointNote(20)), (bytes) => readHead(text(bytes), TRUST)],
]

const anyBytes = fc.uint8Array({ maxLength: 400 })

/** Valid bytes after a few changes that keep most of their structure. */
function mutated(valid: Uint8Array): fc.Arbitrary<Uint8Array> {
  const place = fc.nat(valid.length)
  const change = fc.oneof(
    fc.record({ at: place, remove: fc.constant(1), insert: fc.uint8Array({ minLength: 1, maxLength: 1 }) }),
    fc.record({ at: place, remove: fc.nat(8), insert: fc.uint8Array({ maxLength: 8 }) }),
    fc.record({
      at: place,
      remove: fc.constant(0),
      insert: fc.constantFrom(
        ...['\n', '\n\n', ' ', '0', '-', '"', '\ud800', '+', '=', '/', '[', '{'].map((s) =>
          new TextEncoder().encode(s),
        ),
      ),
    }),
    fc.record({ at: place, remove: fc.nat(valid.length), insert: fc.constant(new Uint8Array(0)) }),
  )
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    let bytes = [...valid]
    for (const { at, remove, insert } of changes) bytes = bytes.toSpliced(at, remove, ...insert)
    return Uint8Array.from(bytes)
  })
}

function outcome(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): string {
  try {
    decode(bytes)
    return 'accepted'
  } catch (error) {
    return error instanceof FormatError ? 'FormatError' : String(error)
  }
}

describe.each([...DECODERS, ...VERIFIERS])('%s', (_, valid, decode) => {
  test('accepts what it was made for', () => {
    expect(outcome(decode, valid)).toBe('accepted')
  })

  test('random and damaged bytes escape as nothing but a FormatError', () => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, mutated(valid), mutated(valid)), (bytes) => {
        expect(['accepted', 'FormatError']).toContain(outcome(decode, bytes))
      }),
      { numRuns: 400 },
    )
  })
})

describe.each(VERIFIERS)('%s', (_, valid, verify) => {
  test('answers whatever it is given', () => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, mutated(valid)), (bytes) => {
        expect(outcome(verify, bytes)).toBe('accepted')
      }),
      { numRuns: 400 },
    )
  })
})

test('parsed JSON of any kind is judged, not tripped over', () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), (value) => {
      expect(['accepted', 'FormatError']).toContain(outcome(() => parseTrust(value), new Uint8Array(0)))
      expect(['valid', 'invalid', 'incomplete']).toContain(verifyReceipt(value, TRUST).verdict)
    }),
    { numRuns: 500 },
  )
})

test('one flipped bit anywhere in a signed checkpoint is refused or leaves it unsigned', () => {
  const note = utf8(checkpointNote(20))
  fc.assert(
    fc.property(fc.nat(note.length - 1), fc.nat(7), (at, bit) => {
      const changed = note.slice()
      changed[at]! ^= 1 << bit
      const head =
        outcome(fromUtf8, changed) === 'accepted' ? readHead(fromUtf8(changed), TRUST) : { signed: false }
      expect(head.signed).toBe(false)
    }),
    { numRuns: 500 },
  )
})
