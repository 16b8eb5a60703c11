import { afterAll, beforeAll, expect, test } from 'vitest'
import { newPlace, ServerProcess } from './server-process.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start(await newPlace())
  const decided = { system: 'credit', prediction: 'yes', modelVersion: '1' }
  // An application that takes for a version what is another with each call.
  for (let batch = 0; batch <= 10; batch += 1) {
    const decisions = Array.from({ length: 1_000 }, (_, i) => ({
      ...decided,
      modelId: 'wild',
      modelVersion: `${batch}-${i}`,
    }))
    expect((await server.post('/v1/decisions', decisions)).status).toBe(201)
  }
  const tame = [
    { ...decided, modelId: 'tame' },
    { ...decided, modelId: 'tame' },
  ]
  expect((await server.post('/v1/decisions', tame)).status).toBe(201)
  await server.indexed()
}, 120_000)
afterAll(() => server.stop())

test('a model of many thousand versions keeps nobody from the others, and answers say that they are not whole', async () => {
  const { isWhole, items } = await server.get<{ isWhole: boolean; items: { modelId: string }[] }>(
    '/v1/models',
  )
  expect([isWhole, items.map(({ modelId }) => modelId)]).toEqual([false, ['tame', 'wild']])
  const assessed = await server.get<object>('/v1/assess')
  expect(assessed).toMatchObject({ isWhole: false })
  expect(await server.get<object>('/v1/models/tame')).toMatchObject({ isWhole: true })
  const lineage = await server.get<{ graph: { nodes: { id: string }[] }; isWhole: boolean }>(
    '/v1/lineage?modelId=tame',
  )
  expect([lineage.isWhole, lineage.graph.nodes.map(({ id }) => id)]).toEqual([
    true,
    ['version:tame@1', 'decisions:tame@1'],
  ])
})
