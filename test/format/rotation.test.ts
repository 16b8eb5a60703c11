import {
  extendTrust,
  formatNote,
  formatRotation,
  parseRotation,
  parseTrust,
  readRotation,
  trustedKeys,
} from '@deponent/format'
import type { Rotation, Trust } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CHECKPOINT_SIGNER, ORIGIN, RECEIPT_SIGNER, TRUST } from './ledger-of-tests.ts'
import { codeOf, signer } from './signer.ts'

const SECOND = signer(ORIGIN, 31)
const THIRD = signer(ORIGIN, 32)
const NEXT_RECEIPT = signer(`${ORIGIN}/promise`, 33)
type Signer = typeof SECOND

function statement(
  from: number,
  previous: Signer,
  next: Signer,
  signers: Signer[] = [previous, next],
): string {
  const use = previous.key.name === ORIGIN ? 'checkpoint' : 'promise'
  const text = formatRotation({ origin: ORIGIN, use, from, previous: previous.key.vkey, next: next.key.vkey })
  return formatNote(
    text,
    signers.map((each) => each.sign(text)),
  )
}

const believed = (trust: Trust, size: number, use: 'checkpoint' | 'promise' = 'checkpoint'): string[] =>
  trustedKeys(trust.ledgers[0]!, use, size).map(({ vkey }) => vkey)

describe('the statement of a rotation', () => {
  test('is read as it is written, for any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), fc.boolean(), (from, isPromise) => {
        const [previous, next] = isPromise ? [RECEIPT_SIGNER, NEXT_RECEIPT] : [CHECKPOINT_SIGNER, SECOND]
        const use = isPromise ? 'promise' : 'checkpoint'
        const rotation: Rotation = {
          origin: ORIGIN,
          use,
          from,
          previous: previous.key.vkey,
          next: next.key.vkey,
        }
        expect(parseRotation(formatRotation(rotation))).toEqual(rotation)
      }),
    )
  })

  test.each([
    ['no lines', ''],
    ['a line too many', `${statement(9, CHECKPOINT_SIGNER, SECOND).split('\n\n')[0]}\nmore\n`],
    ['another use', `${ORIGIN}/rotation\nwitness 9\n${CHECKPOINT_SIGNER.key.vkey}\n${SECOND.key.vkey}\n`],
    ['size 0', `${ORIGIN}/rotation\ncheckpoint 0\n${CHECKPOINT_SIGNER.key.vkey}\n${SECOND.key.vkey}\n`],
    ['a key twice', `${ORIGIN}/rotation\ncheckpoint 9\n${SECOND.key.vkey}\n${SECOND.key.vkey}\n`],
    [
      'a key of the other use',
      `${ORIGIN}/rotation\ncheckpoint 9\n${SECOND.key.vkey}\n${NEXT_RECEIPT.key.vkey}\n`,
    ],
  ])('with %s is refused', (_, text) => {
    expect(codeOf(() => parseRotation(text))).toBe('bad_rotation')
  })
})

describe('trust in a key', () => {
  test('leads to the one that replaced it, and from there on; both count at the size of the change', () => {
    const { trust, findings } = extendTrust(TRUST, [
      { index: 19, statement: statement(20, SECOND, THIRD) },
      { index: 9, statement: statement(10, CHECKPOINT_SIGNER, SECOND) },
      { index: 14, statement: statement(15, RECEIPT_SIGNER, NEXT_RECEIPT) },
    ])
    expect(findings.map(({ severity, code, index }) => [severity, code, index])).toEqual([
      ['info', 'trust_extended', 9],
      ['info', 'trust_extended', 14],
      ['info', 'trust_extended', 19],
    ])
    expect(believed(trust, 9)).toEqual([CHECKPOINT_SIGNER.key.vkey])
    expect(believed(trust, 10)).toEqual([CHECKPOINT_SIGNER.key.vkey, SECOND.key.vkey])
    expect(believed(trust, 11)).toEqual([SECOND.key.vkey])
    expect(believed(trust, 21)).toEqual([THIRD.key.vkey])
    expect(believed(trust, 16, 'promise')).toEqual([NEXT_RECEIPT.key.vkey])
  })

  test.each([
    ['the old key alone', 9, statement(10, CHECKPOINT_SIGNER, SECOND, [CHECKPOINT_SIGNER])],
    ['the new key alone', 9, statement(10, CHECKPOINT_SIGNER, SECOND, [SECOND])],
    ['both, at another place than it says', 10, statement(10, CHECKPOINT_SIGNER, SECOND)],
    ['nobody readable', 9, 'nonsense'],
  ])('does not follow a statement signed by %s', (_, index, note) => {
    const { trust, findings } = extendTrust(TRUST, [{ index, statement: note }])
    expect(findings.map(({ severity, code }) => [severity, code])).toEqual([['error', 'rotation_invalid']])
    expect(trust).toEqual(TRUST)
  })

  test('is not given to a key by one that nobody trusted, or no longer', () => {
    const shown = [{ index: 9, statement: statement(10, SECOND, THIRD) }]
    expect(extendTrust(TRUST, shown)).toEqual({ trust: TRUST, findings: [] })
    const keys = [{ vkey: SECOND.key.vkey, use: 'checkpoint', sizes: '0..9' }]
    const closed = parseTrust({
      ledgers: [{ origin: ORIGIN, keys, witnesses: [], quorum: 0, timestampRoots: [] }],
    })
    expect(extendTrust(closed, shown).trust).toEqual(closed)
  })

  test('that has an end is not led beyond that end', () => {
    const keys = [{ vkey: CHECKPOINT_SIGNER.key.vkey, use: 'checkpoint', sizes: '0..12' }]
    const bounded = parseTrust({ ledgers: [{ origin: ORIGIN, keys }] })
    const { trust } = extendTrust(bounded, [
      { index: 9, statement: statement(10, CHECKPOINT_SIGNER, SECOND) },
      { index: 11, statement: statement(12, SECOND, THIRD) },
    ])
    expect(believed(trust, 12)).toEqual([SECOND.key.vkey, THIRD.key.vkey])
    expect(believed(trust, 13)).toEqual([])
  })

  test('that reaches the new key already is left as it is', () => {
    const shown = [{ index: 9, statement: statement(10, CHECKPOINT_SIGNER, SECOND) }]
    const once = extendTrust(TRUST, shown).trust
    expect(extendTrust(once, shown)).toEqual({ trust: once, findings: [] })
  })

  test('survives any damage to the statement without believing it', () => {
    const note = statement(10, CHECKPOINT_SIGNER, SECOND)
    fc.assert(
      fc.property(fc.nat(note.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, letter) => {
        fc.pre(note[at] !== letter)
        const damaged = note.slice(0, at) + letter + note.slice(at + 1)
        expect(readRotation({ index: 9, statement: damaged })).toBeUndefined()
      }),
    )
  })
})
