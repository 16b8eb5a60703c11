import { expect, test } from 'vitest'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { SqliteStateStore } from '../../packages/server/src/platform/state-store.ts'
import type { DirectorySizes } from '../../packages/server/src/sizes/directory-sizes.ts'
import { HISTORY_DAYS_MAX, SizeHistory } from '../../packages/server/src/sizes/history.ts'
import { StorageWatch, type WatchParts } from '../../packages/server/src/sizes/storage-watch.ts'

const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2026, 10, 29, 22, 30)

const extent = (bytes: number) => ({ bytes, allocatedBytes: bytes, files: 1 })
const sized = (bytes: number): DirectorySizes => ({
  ledgers: new Map([
    ['default', { entries: 512, inTiles: 512, inSegments: 0, layers: new Map([['vault', extent(bytes)]]) }],
  ]),
  shared: new Map(),
})

/** A watch whose directory grows by a byte with each measurement. */
function watching(more: Partial<WatchParts> = {}) {
  const clock = new TestClock(START_MS)
  const store = new SqliteStateStore(':memory:')
  const told: string[] = []
  const counts = { measured: 0 }
  const watch = new StorageWatch({
    clock,
    history: new SizeHistory(store),
    measure: () => {
      counts.measured += 1
      return Promise.resolve(sized(counts.measured))
    },
    ledgers: () => ['default'],
    decisionsOf: () => Promise.resolve(500),
    elsewhere: () => [],
    diagnose: (message) => told.push(message),
    ...more,
  })
  return { clock, store, told, counts, watch }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('sizes are measured each hour, and a day keeps the last of them', async () => {
  const { clock, counts, watch } = watching()
  watch.begin()
  for (let minutes = 0; minutes < 3 * 60; minutes += 1) {
    clock.advance(HOUR_MS / 60)
    await turn()
  }
  expect(counts.measured).toBe(3)
  const vault = watch
    .history('default', 10)
    .map(({ day, entries, layers }) => [day, entries, layers['vault']])
  expect(vault).toEqual([
    ['2026-11-29', 512, 2],
    ['2026-11-30', 512, 3],
  ])
  await watch.close()
})

test('whoever asks is told what was measured within a minute, and those who wait wait for one measurement', async () => {
  const { clock, counts, watch } = watching()
  const [first, second] = await Promise.all([watch.now('default'), watch.now('default')])
  expect(first).toEqual(second)
  expect(first).toMatchObject({ entries: 512, decisions: 500, at: START_MS })
  clock.advance(59_000)
  await watch.now('default')
  expect(counts.measured).toBe(1)
  clock.advance(2_000)
  await watch.now('default')
  expect(counts.measured).toBe(2)
})

test('a directory that takes long to measure is left alone for twenty times as long', async () => {
  const clock = new TestClock(START_MS)
  let measured = 0
  const { watch } = watching({
    clock,
    measure: () => {
      measured += 1
      clock.advance(30_000)
      return Promise.resolve(sized(measured))
    },
  })
  await watch.now('default')
  clock.advance(599_000)
  await watch.now('default')
  expect(measured).toBe(1)
  clock.advance(2_000)
  await watch.now('default')
  expect(measured).toBe(2)
})

test('what lies elsewhere is among the layers, and an index that is away only leaves decisions uncounted', async () => {
  const warm = { name: 'warm', tier: 'warm', stay: 'warm', bytes: 9, entries: 3 } as const
  const { watch } = watching({
    decisionsOf: () => Promise.reject(new Error('away')),
    elsewhere: () => [warm],
  })
  const { decisions, layers } = await watch.now('default')
  expect(decisions).toBeUndefined()
  expect(layers.at(-1)).toEqual(warm)
  // What is warm is no longer among the entries of the index.
  expect(layers.find(({ name }) => name === 'index')?.entries).toBe(512 - warm.entries)
  expect(watch.history('default', 1)[0]?.layers).toMatchObject({ vault: 1, warm: 9 })
})

test('a state store that takes nothing keeps nobody from being told', async () => {
  const { store, told, watch } = watching()
  store.run('DROP TABLE sizes')
  expect((await watch.now('default')).layers).not.toEqual([])
  expect(told).toEqual(['sizes could not be kept'])
})

test('the history ends after ten years, the oldest days first, each ledger by itself', () => {
  const store = new SqliteStateStore(':memory:')
  const history = new SizeHistory(store)
  const dayOf = (n: number): string => new Date(START_MS + n * 24 * HOUR_MS).toISOString().slice(0, 10)
  history.put('other', { day: dayOf(0), entries: 1, layers: {} })
  store.transaction(() => {
    for (let n = 0; n < HISTORY_DAYS_MAX; n += 1)
      store.run("INSERT INTO sizes VALUES ('default', ?, 1, '{}')", dayOf(n))
  })
  history.put('default', { day: dayOf(HISTORY_DAYS_MAX), entries: 2, layers: { vault: 1 } })
  const days = history.days('default', HISTORY_DAYS_MAX + 5)
  expect(days).toHaveLength(HISTORY_DAYS_MAX)
  expect([days[0]?.day, days.at(-1)?.day]).toEqual([dayOf(1), dayOf(HISTORY_DAYS_MAX)])
  expect(history.days('other', 5)).toHaveLength(1)
})
