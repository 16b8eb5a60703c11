import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { storageWatchOf } from '../../packages/server/src/hosting/measuring.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { SqliteStateStore } from '../../packages/server/src/platform/state-store.ts'
import type { Projection } from '../../packages/server/src/projection/index.ts'
import type { TierFile, TierMonth, TierState } from '../../packages/server/src/projection/tiers/tier-month.ts'

const file = (table: string, rows: number, bytes: number): TierFile => ({
  key: `warm/${table}`,
  table,
  rows,
  bytes,
  sha256: '0'.repeat(64),
  least: 0,
  greatest: rows,
  blocks: [],
})
const month = (name: string, state: TierState, archived = 0): TierMonth => ({
  month: name,
  state,
  below: 100,
  files: [file('decisions', 10, 1_000), file('outcomes', 5, 100)],
  features: [],
  movedAt: 0,
  restoredUntil: 0,
  archives: archived === 0 ? [] : [{ key: `cold/${name}`, bytes: archived, sha256: '0'.repeat(64) }],
})

test('months in files are layers of their own, and decisions that are archived are still counted', async () => {
  const months = [month('2026-01', 'archived', 300), month('2026-02', 'warm'), month('2026-03', 'switching')]
  const projection = {
    aggregate: () => Promise.resolve({ items: [{ count: 40 }], asOf: { size: 100 } }),
    tiers: () => ({ months: () => months }),
  } as unknown as Projection
  const path = await mkdtemp(join(tmpdir(), 'measuring-'))
  const watch = storageWatchOf(() => [{ name: 'default', projection }], {
    disk: realDisk,
    clock: realClock,
    directory: { path, store: new SqliteStateStore(':memory:') },
    diagnose: () => undefined,
  })
  const { decisions, layers } = await watch.now('default')
  expect(decisions).toBe(50)
  expect(layers.slice(-2)).toEqual([
    { name: 'warm', tier: 'warm', stay: 'warm', bytes: 2_200, files: 4, entries: 30 },
    { name: 'cold', tier: 'cold', stay: 'cold', bytes: 300, files: 1, entries: 15 },
  ])
})
