import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createHash, createHmac } from 'node:crypto'
import {
  canonicalJson,
  emitterLink,
  EMPTY_HEAD,
  EpochTally,
  type JsonObject,
  nextHead,
  sha256,
  utf8,
} from '@deponent/format'

const linkOf = (seq: number): Uint8Array => sha256(utf8(`record ${seq}`))
const headOf = (numbers: readonly number[]): Uint8Array =>
  numbers.reduce((head, seq) => nextHead(head, seq, linkOf(seq)), EMPTY_HEAD)

function feed(tally: EpochTally, numbers: readonly number[]): EpochTally {
  numbers.forEach((seq, index) => tally.record({ seq, index, receivedAt: 1_000 + index, link: linkOf(seq) }))
  return tally
}

const loss = (seq: number, more: object = {}) =>
  ({ kind: 'emitter.loss', receivedAt: 1, seq, reason: 'queue_full', ...more }) as const

describe('the tally of an emitter', () => {
  test('finds exactly the numbers that are missing, whatever the order they came in', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1 })
    fc.assert(
      fc.property(numbers, (given) => {
        const { first, last, missing, gaps, forks } = feed(new EpochTally(), given).summary()
        const low = Math.min(...given)
        const high = Math.max(...given)
        const found = gaps.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i))
        const expected = Array.from({ length: high - low + 1 }, (_, i) => low + i).filter(
          (seq) => !given.includes(seq),
        )
        expect({ first, last, missing, forks }).toEqual({
          first: low,
          last: high,
          missing: expected.length,
          forks: 0,
        })
        expect(found).toEqual(expected)
      }),
    )
  })

  test('follows the chain to the stated head however records overtake one another', () => {
    const shuffled = fc.integer({ min: 1, max: 40 }).chain((n) => {
      const numbers = Array.from({ length: n }, (_, i) => i + 1)
      return fc.shuffledSubarray(numbers, { minLength: n, maxLength: n })
    })
    fc.assert(
      fc.property(shuffled, fc.nat(), (numbers, cut) => {
        const whole = numbers.toSorted((a, b) => a - b)
        const at = cut % numbers.length
        const tally = feed(new EpochTally(), numbers.slice(0, at))
        tally.compare(numbers.length, headOf(whole))
        const again = feed(new EpochTally(structuredClone(tally.toState())), numbers.slice(at))
        expect(again.summary().chain).toMatchObject({ state: 'verified', verifiedTo: whole.at(-1) })
      }),
    )
  })

  test('says that a head differs when one record was not the one its emitter hashed', () => {
    const tally = feed(new EpochTally(), [1, 2])
    tally.record({ seq: 3, index: 2, receivedAt: 3, link: sha256(utf8('another record')) })
    expect(tally.compare(3, headOf([1, 2, 3]))).toBe('differs')
    expect(tally.summary().chain.state).toBe('differs')
  })

  test('takes one number with two contents for a fork, with one content for a duplicate', () => {
    const tally = feed(new EpochTally(), [1, 2])
    expect(tally.record({ seq: 2, index: 5, receivedAt: 3, link: linkOf(2) })).toBe('duplicate')
    expect(tally.record({ seq: 2, index: 6, receivedAt: 3, link: sha256(utf8('other')) })).toBe('fork')
    expect(tally.summary()).toMatchObject({
      forks: 1,
      duplicates: 1,
      forkList: [{ seq: 2, index: 6 }],
      missing: 0,
    })
  })

  test('counts what comes behind a later number as out of order, and a declared loss as no gap', () => {
    const tally = feed(new EpochTally(), [1, 2, 6, 4])
    tally.state(loss(3))
    expect(tally.summary()).toMatchObject({ outOfOrder: 1, missing: 1, gaps: [[5, 5]], lost: 1 })
  })

  test('passes over a lost number without a link, and goes through one whose link is known', () => {
    const tally = feed(new EpochTally(), [1, 4])
    tally.state(loss(2))
    tally.state(loss(3, { link: linkOf(3), reason: 'rejected' }))
    expect(tally.compare(4, headOf([1, 3, 4]))).toBe('agrees')
  })

  test('counts a number as recorded that arrives after it was declared lost, and goes on along the chain', () => {
    const tally = feed(new EpochTally(), [1])
    tally.state(loss(2, { link: linkOf(2), reason: 'closed' }))
    tally.record({ seq: 2, index: 9, receivedAt: 9, link: linkOf(2) })
    expect(tally.compare(2, headOf([1, 2]))).toBe('agrees')
    expect(tally.summary()).toMatchObject({ recorded: 2, lost: 0, forks: 0, missing: 0 })
  })

  test('knows of a silent tail when its emitter states a higher number than arrived', () => {
    const tally = feed(new EpochTally(), [1, 2])
    tally.state({ kind: 'emitter.closed', receivedAt: 9, seq: 4, head: headOf([1, 2, 3, 4]) })
    expect(tally.summary()).toMatchObject({
      missing: 2,
      gaps: [[3, 4]],
      closedAt: 9,
      chain: { state: 'open' },
    })
  })

  test('accepts that an epoch begins late only when the chain shows it', () => {
    const tally = feed(new EpochTally(), [42, 43])
    expect(tally.summary()).toMatchObject({ beginning: 'unknown', missing: 0 })
    expect(tally.compare(43, headOf([42, 43]))).toBe('agrees')
    expect(tally.summary()).toMatchObject({ beginning: 'known', chain: { state: 'verified' } })
  })

  test('never accuses anybody of a head beyond a fork', () => {
    const tally = feed(new EpochTally(), [1])
    tally.record({ seq: 1, index: 3, receivedAt: 3, link: sha256(utf8('other')) })
    expect(tally.compare(1, headOf([1]))).toBe('unknown')
  })

  test('holds bounded state however its numbers are scattered', () => {
    const tally = feed(
      new EpochTally(),
      Array.from({ length: 6_000 }, (_, i) => 1 + 2 * i),
    )
    const { runs, heads } = tally.toState()
    expect(runs.length).toBeLessThanOrEqual(4_096)
    expect(heads.waiting.length).toBeLessThanOrEqual(4_096)
    expect(tally.summary().missing).toBe(5_999)
  })
})

test('a link is HMAC-SHA-256 under the blind', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.string({ unit: 'grapheme' }),
      (blind, text) => {
        expect(Buffer.from(emitterLink(blind, text))).toEqual(
          createHmac('sha256', blind).update(text).digest(),
        )
      },
    ),
  )
})

describe('emitter-chain.json', () => {
  interface Link {
    seq: number
    blind: string
    sent: string
    link: string
    head: string
  }
  const url = new URL('../vectors/emitter-chain.json', import.meta.url)
  const { chain } = JSON.parse(readFileSync(url, 'utf8')) as { chain: Link[] }

  test('each link is the HMAC of what was sent, each head follows from the one before', () => {
    let head = Buffer.alloc(32)
    for (const { seq, blind, sent, link, head: stated } of chain) {
      const text = canonicalJson(JSON.parse(sent) as JsonObject)
      const hmac = createHmac('sha256', Buffer.from(blind, 'hex')).update(text).digest()
      expect(hmac.toString('hex')).toBe(link)
      const number = Buffer.alloc(8)
      number.writeBigUInt64BE(BigInt(seq))
      head = createHash('sha256')
        .update(Buffer.concat([Buffer.of(0x13), head, number, hmac]))
        .digest()
      expect(head.toString('hex')).toBe(stated)
    }
  })
})
