import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Bill } from '../../packages/server/src/cost/bill.ts'
import { loan } from '../recording/open-tenant.ts'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

const PRICES = {
  name: 'made up for a test',
  currency: 'EUR',
  storage: { hot: 0.1, offsite: 0.01 },
  queries: { perMonth: 1 },
}

interface Storage {
  ledger: string
  entries: number
  decisions: number | null
  bytes: number
  bytesPerDecision: string | null
  layers: { name: string; bytes: number; entries: number; stay: string }[]
  history: { day: string; entries: number; layers: Record<string, number> }[]
}

let place: Place
let pricesPath: string
let server: ServerProcess

beforeAll(async () => {
  place = await newPlace()
  pricesPath = `${place.data}-prices.json`
  await writeFile(pricesPath, JSON.stringify(PRICES))
  server = await ServerProcess.start(place, ['serve', '--prices', pricesPath, '--warm', `${place.data}-warm`])
  for (let from = 0; from < 300; from += 100) {
    const decisions = Array.from({ length: 100 }, (_, i) => loan(from + i))
    expect((await server.post('/v1/decisions?wait=checkpoint', decisions)).status).toBe(201)
  }
  await server.indexed()
})
afterAll(() => server.stop())

test('a server tells what its ledger takes by layer, for each decision, and day by day', async () => {
  const storage = await server.get<Storage>('/v1/storage')
  expect(storage).toMatchObject({
    ledger: 'default',
    decisions: 300,
    recovery: { backup: null, drill: null },
    hotDays: 30,
    warmDays: 365,
    offsite: false,
  })
  expect(storage.entries).toBeGreaterThanOrEqual(300)
  expect(storage.bytes).toBe(storage.layers.reduce((sum, { bytes }) => sum + bytes, 0))
  const tiles = storage.layers.find(({ name }) => name === 'hashTiles')
  expect(tiles).toMatchObject({ bytes: 8_192, entries: 256, stay: 'always' })
  expect(Number(storage.bytesPerDecision)).toBeGreaterThan(0)
  const sizes = Object.fromEntries(storage.layers.map(({ name, bytes }) => [name, bytes]))
  expect(storage.history).toEqual([{ day: expect.any(String), entries: storage.entries, layers: sizes }])
  const metrics = await (await server.fetch('/metrics')).text()
  expect(metrics).toContain('deponent_storage_bytes{layer="hashTiles",ledger="default"} 8192')
})

test('it reckons with the prices it was given', async () => {
  const bill = await server.get<Bill>(
    '/v1/storage/cost?decisionsPerDay=1000000&years=2&offsite=true&keepDays=365',
  )
  expect(bill).toMatchObject({
    prices: PRICES.name,
    currency: 'EUR',
    steadyFromMonth: 12,
    // Its own ages, of which nothing is as old as the first yet.
    scenario: { hotDays: 30, warmDays: 365 },
  })
  expect(bill.notMeasured).toContain('warm')
  const { amounts, bytes } = bill.lastMonth
  expect(Number(amounts.hot)).toBeCloseTo(bytes.hot / 1e10, 5)
  expect(Number(amounts.offsite)).toBeCloseTo(bytes.offsite / 1e11, 5)
  expect(bytes.hot).toBeGreaterThan(bytes.offsite)
  expect(amounts.queries).toBe('1.000000')
})

test.each([
  ['/v1/storage?days=0', 'bad_parameter', 'days'],
  ['/v1/storage?size=1', 'unknown_parameter', 'size'],
  ['/v1/storage/cost?years=101', 'bad_parameter', 'years'],
  ['/v1/storage/cost?hotDays=30&warmDays=30', 'bad_parameter', 'warmDays'],
  ['/v1/storage/cost?offsite=perhaps', 'bad_parameter', 'offsite'],
])('%s is answered %s', async (path, code, field) => {
  const response = await server.fetch(path)
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ code, field })
})

test('the command reckons from a directory, from a server, and from what is said, with the same prices', async () => {
  const flags = ['--decisions-per-day', '1000', '--years', '1', '--prices', pricesPath, '--json']
  const from = async (...target: string[]): Promise<Bill & { basis: string }> => {
    const { code, stderr, stdout } = await runCommand(['cost', ...target, ...flags])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return JSON.parse(stdout) as Bill & { basis: string }
  }
  const asked = await from(server.url, '--key', server.key)
  expect(asked.basis).toContain('300 decisions of http')
  expect(asked.scenario).toMatchObject({ hotDays: 30, warmDays: 365 })
  const read = await from(place.data)
  expect(read.basis).toContain('each taken for a decision')
  const tilesOf = ({ layers }: Bill) => layers.find(({ name }) => name === 'hashTiles')?.bytes
  expect(tilesOf(asked)).toBe(tilesOf(read))
  const said = await from('--bytes', '1000')
  expect(said.lastMonth.bytes.hot).toBe(365_000_000)
  // 0.365 GB at 0.1 EUR
  expect(said.lastMonth.amounts.hot).toBe('0.036500')
})

test('the layers of a directory are those of its files', async () => {
  const { stdout } = await runCommand(['cost', place.data, '--json'])
  const { layers } = JSON.parse(stdout) as Bill
  const tiles = join(place.data, 'ledgers/default/tile/entries')
  const files = await readdir(tiles)
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(tiles, name))).size))
  expect(layers.find(({ name }) => name === 'entryTiles')?.bytes).toBe(sizes.reduce((a, b) => a + b, 0))
})

test('a mistake is said, and what it is', async () => {
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await runCommand(args)
    expect(code).toBe(2)
    return stderr
  }
  const run = (...args: string[]): Promise<string> => refused('cost', ...args)
  expect(await run()).toContain('name a data directory or a server')
  expect(await run(`${place.data}-nowhere`)).toContain('is not a data directory')
  await writeFile(`${pricesPath}.bad`, JSON.stringify({ ...PRICES, storage: { hot: 'much' } }))
  expect(await run('--bytes', '1', '--prices', `${pricesPath}.bad`)).toContain('storage.hot')
  const fresh = ['--data', `${place.data}-other`, '--port', '0', '--prices', `${pricesPath}.bad`]
  expect(await refused('serve', ...fresh)).toContain('storage.hot')
  expect(await run('--bytes', '1', '--hot-days', '30', '--warm-days', '20')).toContain('warmDays')
})
