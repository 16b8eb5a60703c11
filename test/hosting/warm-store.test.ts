import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { WarmStore } from '../../packages/server/src/hosting/tiering.ts'
import { SqliteStateStore, type StateStore } from '../../packages/server/src/platform/state-store.ts'
import { StoredTierStates } from '../../packages/server/src/projection/tiers/stored-states.ts'
import type { TierMonth } from '../../packages/server/src/projection/tiers/tier-month.ts'
import { Undo } from '../../packages/server/src/undo.ts'

const directory = mkdtempSync(join(tmpdir(), 'deponent-warm-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const MONTH: TierMonth = {
  month: '2024-01',
  state: 'warm',
  below: 1,
  files: [],
  features: [],
  movedAt: 0,
  restoredUntil: 0,
  archives: [],
}

/** Where the months of a ledger go when a server is started so. */
async function directoryFor(
  store: StateStore,
  name: string,
  at?: string,
  areMoved = false,
): Promise<string | undefined> {
  const settings =
    at === undefined ? undefined : { address: join(directory, at), hotDays: 1, warmDays: 2, areMoved }
  const tenant = { name, ledger: { origin: 'example.org/log', refusal: undefined } }
  return (await new WarmStore(settings, directory, new Undo()).settingsFor(tenant, store))?.directory
}

test('months go on at the address they lie at, and to another one only when nothing is left there', async () => {
  const store = new SqliteStateStore(':memory:')
  const states = new StoredTierStates(store, 'one')
  expect(await directoryFor(store, 'one', 'a')).toBe(join(directory, 'a'))
  states.put(MONTH)
  await expect(directoryFor(store, 'one', 'b')).rejects.toThrow(
    `${join(directory, 'a')}: start with that address`,
  )
  // The address is that of all ledgers.
  await expect(directoryFor(store, 'two', 'b')).rejects.toThrow('deponent reindex')
  expect(await directoryFor(store, 'one')).toBe(join(directory, 'a'))

  states.remove(MONTH.month)
  states.setSwept(false)
  await expect(directoryFor(store, 'one', 'b')).rejects.toThrow('--warm-moved')
  states.setSwept(true)
  expect(await directoryFor(store, 'one', 'b')).toBe(join(directory, 'b'))
  await store.close()
})

test('months are looked for at another address when somebody says that nothing is left at the one before', async () => {
  const store = new SqliteStateStore(':memory:')
  expect(await directoryFor(store, 'one', 'a')).toBe(join(directory, 'a'))
  new StoredTierStates(store, 'one').put(MONTH)
  expect(await directoryFor(store, 'one', 'b', true)).toBe(join(directory, 'b'))
  expect(await directoryFor(store, 'one')).toBe(join(directory, 'b'))
  await store.close()
})
