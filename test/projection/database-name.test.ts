import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  DATABASE_LENGTH_MAX,
  databaseOfLedger,
  isNarrowedOf,
  isOurDatabase,
  narrowedDatabase,
} from '../../packages/server/src/projection/database-name.ts'
import { namesOf } from '../../packages/server/src/projection/schema.ts'

const ledgers = fc.oneof(
  fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/),
  // The parts our own names are made of.
  fc
    .array(fc.constantFrom('index', 'only', 'a', 'deponent', '0123456789abcdef', '-', 'default'), {
      minLength: 1,
      maxLength: 5,
    })
    .map((parts) => parts.join('').slice(0, 32))
    .filter((name) => /^[a-z]/.test(name)),
)

/** Every database an index has or may have. */
function databasesOf(ledger: string): string[] {
  const { views, tables } = namesOf(databaseOfLedger(ledger))
  return [views, tables, narrowedDatabase(views, 'SELECT 1')]
}

describe('the database of a ledger', () => {
  test.each([
    ['default', 'deponent'],
    ['acme', 'deponent_acme'],
    ['x'.repeat(32), `deponent_${'x'.repeat(32)}`],
  ])('%s is %s', (ledger, database) => expect(databaseOfLedger(ledger)).toBe(database))

  test('is nobody else’s, nor is any that belongs to it', () => {
    fc.assert(
      fc.property(fc.uniqueArray(ledgers, { minLength: 2, maxLength: 6 }), (names) => {
        const all = names.flatMap(databasesOf)
        expect(new Set(all).size).toBe(all.length)
        for (const name of names) {
          const views = databaseOfLedger(name)
          expect(all.filter((database) => isNarrowedOf(views, database))).toEqual([
            narrowedDatabase(views, 'SELECT 1'),
          ])
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('is short enough, and known as ours', () => {
    fc.assert(
      fc.property(ledgers, (name) => {
        expect(databaseOfLedger(name).length).toBeLessThanOrEqual(DATABASE_LENGTH_MAX)
        for (const database of databasesOf(name)) expect(isOurDatabase(database)).toBe(true)
      }),
    )
  })

  test.each(['', 'A', '1a', 'a_b', 'x'.repeat(33), 'a.b'])('is refused for %j', (name) => {
    expect(() => databaseOfLedger(name)).toThrow('name of a ledger')
  })
})
