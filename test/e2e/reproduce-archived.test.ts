import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ReplayPackage } from '../../packages/server/src/reproduction/replay-package.ts'
import { newPlace, type Place, ServerProcess } from './server-process.ts'

const now = new Date()
/** Of a month that is over for so long that it is archived. */
const LONG_AGO = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 10, 15)
const at = (second: number): string => new Date(LONG_AGO + second * 1_000).toISOString()
const ENVIRONMENT = '{"codeCommit":"9f31c07"}'
const DIGEST = `sha256:${createHash('sha256').update(ENVIRONMENT).digest('hex')}`
const OF = { system: 'credit', modelId: 'risk', modelVersion: '1' }

let place: Place
let server: ServerProcess

beforeAll(async () => {
  place = await newPlace()
  const warm = join(place.data, '..', 'store')
  server = await ServerProcess.start(place, ['serve', '--warm', warm, '--warm-days', '200'])
  const records = [
    {
      kind: 'system.log',
      system: 'credit',
      at: at(0),
      event: 'environment',
      details: JSON.parse(ENVIRONMENT) as object,
    },
    { kind: 'model.training_completed', ...OF, at: at(1), actor: 'ada' },
    { kind: 'model.training_completed', ...OF, modelVersion: '2', at: at(2), actor: 'ada' },
  ]
  expect((await server.post('/v1/records', records)).status).toBe(201)
  const decision = {
    ...OF,
    decisionId: 'loan-1',
    timestamp: at(3),
    inputFeatures: { income: 1 },
    prediction: 'yes',
    inference: { runtime: { environment: DIGEST } },
  }
  expect((await server.post('/v1/decisions', decision)).status).toBe(201)
  await server.indexed()
}, 120_000)
afterAll(() => server.stop())

test('the package of a decision of an archived month has its environment and how its model came to be', async () => {
  expect((await server.post('/v1/tiers/releases', { from: '2001-01', to: '2001-01' })).status).toBe(200)
  const tiers = async (): Promise<string[]> =>
    (await server.get<{ months: { tier: string }[] }>('/v1/tiers')).months.map(({ tier }) => tier)
  await expect.poll(tiers, { timeout: 60_000 }).toEqual(['cold'])
  const response = await server.fetch('/v1/decisions/loan-1/reproducibility', {
    headers: { 'Deponent-Purpose': 'audit 7' },
  })
  const { environment, modelEvents } = (await response.json()) as ReplayPackage
  expect(environment).toMatchObject({ digest: DIGEST, environment: JSON.parse(ENVIRONMENT) as object })
  expect(modelEvents.map(({ at: moment, kind }) => [kind, moment])).toEqual([
    ['model.training_completed', at(1)],
  ])
})
