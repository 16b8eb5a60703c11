import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KEY_BYTES, SCOPE_BYTES } from '../../packages/server/src/vault/key-frames.ts'
import { KeyTable } from '../../packages/server/src/vault/key-table.ts'

/** Few scopes, some of which fall together in the table whatever its size. */
function scopeOf(who: number): Uint8Array {
  const scope = new Uint8Array(SCOPE_BYTES).fill(7)
  if (who % 3 !== 0) new DataView(scope.buffer).setUint32(0, who * 2_654_435_761, true)
  scope[SCOPE_BYTES - 1] = who
  return scope
}

const keyOf = (n: number): Uint8Array => {
  const key = new Uint8Array(KEY_BYTES).fill(1)
  new DataView(key.buffer).setUint32(0, n)
  return key
}

const steps = fc.array(
  fc.record({
    what: fc.constantFrom('append', 'append', 'append', 'make', 'drop', 'erase'),
    who: fc.integer({ min: 0, max: 40 }),
    which: fc.nat(),
  }),
  { maxLength: 400 },
)

describe('a table of keys', () => {
  test('has every key it was given by its number, and gives each scope the number that it was told last', () => {
    fc.assert(
      fc.property(steps, (told) => {
        const table = new KeyTable()
        const pairs: { who: number; n: number; isErased: boolean }[] = []
        const current = new Map<number, number>()
        for (const { what, who, which } of told) {
          const number = pairs.length === 0 ? 0 : which % pairs.length
          const pair = pairs[number]
          if (what === 'append') {
            const next = table.append({ scope: scopeOf(who), key: keyOf(pairs.length) })
            expect(next).toBe(pairs.length)
            pairs.push({ who, n: next, isErased: false })
            table.makeCurrent(next)
            current.set(who, next)
          }
          if (what === 'make' && pair && !pair.isErased) {
            table.makeCurrent(number)
            current.set(pair.who, number)
          }
          if (what === 'drop') {
            table.dropCurrent(scopeOf(who))
            current.delete(who)
          }
          if (what === 'erase' && pair && current.get(pair.who) !== number) {
            table.erase(number)
            pair.isErased = true
          }
        }
        expect(table.size).toBe(pairs.length)
        for (const { isErased, n, who } of pairs) {
          const { key, scope } = table.pair(n)!
          expect(key).toEqual(isErased ? new Uint8Array(KEY_BYTES) : keyOf(n))
          expect(scope).toEqual(isErased ? new Uint8Array(SCOPE_BYTES) : scopeOf(who))
        }
        for (let who = 0; who <= 40; who += 1) expect(table.current(scopeOf(who))).toBe(current.get(who))
      }),
      { numRuns: 300 },
    )
  })

  test('grows with what it holds, through many scopes that come and go', () => {
    const table = new KeyTable()
    const scope = (n: number): Uint8Array => {
      const bytes = new Uint8Array(SCOPE_BYTES)
      new DataView(bytes.buffer).setUint32(0, Math.imul(n + 1, 2_654_435_761), true)
      new DataView(bytes.buffer).setUint32(8, n + 1)
      return bytes
    }
    for (let n = 0; n < 40_000; n += 1) {
      table.makeCurrent(table.append({ scope: scope(n), key: keyOf(n) }))
      if (n % 2 === 1) table.dropCurrent(scope(n))
    }
    const found = Array.from({ length: 40_000 }, (_, n) => table.current(scope(n)))
    expect(found.every((number, n) => number === (n % 2 === 1 ? undefined : n))).toBe(true)
  })

  test('knows nothing of numbers that were never given', () => {
    const table = new KeyTable()
    for (const number of [-1, 0, 1, 0.5, Number.NaN]) expect(table.pair(number)).toBeUndefined()
  })
})
