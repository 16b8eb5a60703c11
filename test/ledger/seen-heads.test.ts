import { formatCheckpoint } from '@deponent/format'
import { expect, test } from 'vitest'
import type { NotSequencing } from '../../packages/server/src/ledger/errors.ts'
import { SeenHeads } from '../../packages/server/src/ledger/seen-heads.ts'
import { SigningKey } from '../../packages/server/src/ledger/signing-key.ts'
import { SqliteStateStore, type StateStore } from '../../packages/server/src/platform/state-store.ts'

const ORIGIN = 'example.com/ledger'
const key = new SigningKey(ORIGIN, new Uint8Array(32).fill(5))
const root = new Uint8Array(32)
const note = key.note(formatCheckpoint({ origin: ORIGIN, size: 9, root }))

/** A store that can be read and not be written. */
function full(): StateStore {
  const inner = new SqliteStateStore(':memory:')
  return {
    run: (sql, ...values) => {
      if (sql.startsWith('INSERT')) throw new Error('database or disk is full')
      inner.run(sql, ...values)
    },
    get: (sql, ...values) => inner.get(sql, ...values),
    all: (sql, ...values) => inner.all(sql, ...values),
    transaction: (work) => inner.transaction(work),
    flush: () => inner.flush(),
    scrub: () => inner.scrub(),
    close: () => inner.close(),
  }
}

test('a head that accuses the ledger ends writing although it cannot be kept', async () => {
  const refusals: NotSequencing[] = []
  const ledger = {
    size: 3,
    rootAt: () => Promise.resolve(root),
    leafHashes: () => Promise.resolve([]),
    refuse: (reason: NotSequencing) => refusals.push(reason),
  }
  const identity = { origin: ORIGIN, keys: [{ vkey: key.vkey, use: 'checkpoint' as const, sizes: '0..' }] }
  const seen = new SeenHeads(ledger, () => identity, full(), 'test')
  await expect(seen.consider(Buffer.from(note).toString('base64'))).rejects.toThrow('full')
  expect(refusals.map(({ code }) => code)).toEqual(['ledger_behind'])
})
