import { join, relative } from 'node:path'
import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eraseOverHttp, recordsWith, residueOf, SUBJECT, VALUES } from '../erasure/residue-story.ts'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

interface Tiers {
  months: { month: string; tier: string; decisions: number }[]
  trouble: string
}

interface Listed {
  items: unknown[]
  archived?: { from: string; decisions: number }[]
}

/** A moment in the middle of a month that was over so many months ago. */
function monthsAgo(count: number): Date {
  const now = new Date()
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - count, 15))
}

const [WARM, COLD] = [monthsAgo(4), monthsAgo(10)]
const nameOf = (date: Date): string => date.toISOString().slice(0, 7)

let place: Place
let warm: string
let server: ServerProcess

beforeAll(async () => {
  const { data, signer } = await newPlace()
  // As people write them: from where they are.
  place = { data: relative(process.cwd(), data), signer }
  warm = join(place.data, '..', 'store')
  server = await ServerProcess.start(place, ['serve', '--warm', warm, '--warm-days', '200'])
  const records = recordsWith(SUBJECT, 60).map((record, i) => {
    const at = new Date((i < 30 ? WARM : COLD).getTime() + i * 1_000)
    return { ...record, timestamp: at.toISOString() }
  })
  expect((await server.post('/v1/decisions', records)).status).toBe(201)
  await server.indexed()
})
afterAll(() => server.stop())

const tiersOf = async (): Promise<string[]> =>
  (await server.get<Tiers>('/v1/tiers')).months.map(({ month, tier }) => `${month} ${tier}`)

test('months that are over move, and a person is erased from every tier', async () => {
  // Has it look whether there is something to move, which it does by itself every hour.
  expect((await server.post('/v1/tiers/releases', { from: '2001-01', to: '2001-01' })).status).toBe(200)
  await expect.poll(tiersOf, { timeout: 60_000 }).toEqual([`${nameOf(COLD)} cold`, `${nameOf(WARM)} warm`])

  const listed = await server.get<Listed>('/v1/decisions?limit=100')
  expect(listed.items).toHaveLength(30)
  expect(listed.archived?.map(({ decisions, from }) => [from.slice(0, 7), decisions])).toEqual([
    [nameOf(COLD), 30],
  ])

  const before = await residueOf(place, SUBJECT, [VALUES[0]!], ['--warm', warm])
  const found = (store: string): number => before.report.stores.find((one) => one.store === store)?.found ?? 0
  expect([found('warm tier') > 0, found('cold tier') > 0]).toEqual([true, true])

  await eraseOverHttp(server, SUBJECT)
  const after = await residueOf(place, SUBJECT, [VALUES[0]!], ['--warm', warm])
  expect([after.code, after.report.found, after.report.notLookedAt]).toEqual([0, [], []])

  const restored = await runCommand(['restore', nameOf(COLD), '--data', place.data, '--json'])
  expect(JSON.parse(restored.stdout)).toMatchObject({ state: 'done' })
  const all = await server.get<Listed>('/v1/decisions?limit=100')
  expect([all.items.length, all.archived]).toEqual([40, undefined])
  const looks = async (): Promise<number> =>
    (await server.get<{ items: unknown[] }>('/v1/access?action=operate')).items.length
  await expect.poll(looks, { timeout: 60_000 }).toBe(2)

  await server.stop()
  const shown = await runCommand(['tiers', '--data', place.data, '--signer-state', place.signer, '--json'])
  const { hotDays, months, trouble } = JSON.parse(shown.stdout) as Tiers & { hotDays: null }
  expect([hotDays, months.map(({ decisions }) => decisions), trouble]).toEqual([null, [20, 20], ''])
})

test('a server is started with another store when nothing is left in the one before', async () => {
  const another = join(place.data, '..', 'another')
  const flags = ['--data', place.data, '--signer-state', place.signer]
  const refused = await runCommand(['serve', ...flags, '--port', '0', '--warm', another])
  expect([refused.code, refused.stderr.includes('deponent reindex')]).toEqual([2, true])
  expect((await runCommand(['reindex', ...flags])).code).toBe(0)
  const left = await readdir(warm, { recursive: true, withFileTypes: true })
  expect(left.filter((entry) => entry.isFile())).toEqual([])
  const moved = await ServerProcess.start(place, ['serve', '--warm', another])
  expect((await moved.get<Tiers>('/v1/tiers')).trouble).toBe('')
  await moved.stop()
})

test('a server is not started with ages alone', async () => {
  const { code, stderr } = await runCommand(['serve', '--data', place.data, '--hot-days', '7'])
  expect([code, stderr.includes('--warm ADDRESS')]).toEqual([2, true])
})
