import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { failureOf, reasonOf } from '../../packages/server/src/platform/failure.ts'

class Ours extends Error {
  readonly code = 'ours'
}

/** What an error is told as, whole. */
const told = (error: unknown): string => JSON.stringify(failureOf(error))

describe('an error nobody foresaw is told', () => {
  test('by its name, its code and where it happened', () => {
    const failure = failureOf(Object.assign(new TypeError('Alice'), { code: 'ERR_INVALID_ARG_TYPE' }))
    expect(failure).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    expect(failure.at[0]).toMatch(/failure\.test\.ts:\d+:\d+\)?$/)
    expect(failure).not.toHaveProperty('message')
  })

  test('without a word of its message, whatever that looks like', () => {
    const secret = fc.stringMatching(/^[A-Z]{12}$/)
    const around = fc.constantFrom(
      '',
      '\n',
      '\n    at ',
      ': ',
      'Error: ',
      ' (file:///a.ts:1:1)',
      '\n    at f (file:///a.ts:1:1)\n',
    )
    fc.assert(
      fc.property(
        secret,
        around,
        around,
        fc.constantFrom(Error, TypeError, Ours),
        (word, before, after, Kind) => {
          const error = new Kind(`${before}${word}${after}`)
          expect(told(error)).not.toContain(word)
          expect(failureOf(error).at.length).toBeGreaterThan(0)
          expect(told(new Error('outside', { cause: error }))).not.toContain(word)
        },
      ),
    )
  })

  test('without a word of its message when that was changed after the stack was written', () => {
    const error = new Error('QUITE SECRET\n    at QUITE SECRET (file:///a.ts:1:1)')
    error.message = 'other'
    expect(told(error)).not.toContain('SECRET')
    error.message = ''
    expect(told(error)).not.toContain('SECRET')
  })

  test('without what passes for a name or a code and is none', () => {
    const error = Object.assign(new Error('a'), { code: 'Alice Example, born 1970', name: 'Alice Example' })
    expect(told(error)).not.toContain('Alice')
    expect(failureOf('Alice')).toEqual({ name: 'string', at: [] })
  })

  test('with what led to it, as little of that', () => {
    let error = new Error('SECRET')
    for (let depth = 0; depth < 20; depth += 1) error = new Error('SECRET', { cause: error })
    expect(failureOf(error).cause).toMatchObject({ name: 'Error' })
    expect(told(error)).not.toContain('SECRET')
  })

  test('with its message where the class is known to hold none but our words', () => {
    expect(failureOf(new Ours('the ledger is closed'), [Ours])).toMatchObject({
      message: 'the ledger is closed',
    })
  })
})

describe('the reason of a failure', () => {
  test('is in our words and the system’s, never in words that quote the value', () => {
    expect(reasonOf(new Ours('the ledger is closed'))).toBe('the ledger is closed')
    const attempts = [
      () => JSON.parse('{"name": "Alice', undefined),
      () => BigInt('Alice'),
      () => Buffer.alloc(4, 'Alice', 'Alice' as 'hex'),
    ]
    for (const attempt of attempts) {
      let error: unknown
      try {
        attempt()
      } catch (thrown) {
        error = thrown
      }
      expect(error).toBeInstanceOf(Error)
      expect(reasonOf(error)).not.toContain('Alice')
    }
    expect(reasonOf('Alice')).not.toContain('Alice')
  })
})
