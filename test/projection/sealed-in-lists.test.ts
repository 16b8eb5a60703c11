import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { ask, decision, World } from './world.ts'

const world = new World()

beforeAll(async () => {
  world.source.add(
    decision({ decisionId: 'open', modelId: 'm', prediction: 'high', status: 'ok' }),
    decision({
      decisionId: 'sealed',
      modelId: 'm',
      prediction: 'high',
      status: 'ok',
      classification: { v: 1, mode: 'strict', sealed: ['/modelId', '/prediction', '/status'] },
    }),
  )
  await world.start()
  await world.indexed()
})
afterAll(() => world.destroy())

describe('a list', () => {
  test('says of a model and a status that they are sealed, and is silent of what a decision may lack', async () => {
    const { items } = await world.projection.list(ask({ order: 'at' }), UNRESTRICTED)
    const told = Object.fromEntries(
      items.map(({ decisionId, modelId, prediction, status }) => [
        decisionId,
        { modelId, prediction, status },
      ]),
    )
    expect(told).toEqual({
      open: { modelId: 'm', prediction: 'high', status: 'ok' },
      sealed: { modelId: { sealed: true }, prediction: undefined, status: { sealed: true } },
    })
  })
})
