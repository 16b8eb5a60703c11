import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Restriction, UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { ask, decision, idOf, T0, World } from './world.ts'

const [ANNA, BERT, CARL] = ['a'.repeat(32), 'b'.repeat(32), 'c'.repeat(32)]
const world = new World()
const restrict = (restriction: Partial<Restriction>): Restriction => ({ ...UNRESTRICTED, ...restriction })

beforeAll(async () => {
  world.source.add(
    decision({ decisionId: 'joint' }, { subjects: [ANNA, BERT] }),
    decision({ decisionId: 'annas' }, { subjects: [ANNA] }),
    decision({ decisionId: 'nobodys' }),
    { kind: 'outcome', record: { outcome: 'paid' }, target: { index: 0, id: idOf(0) } },
    {
      kind: 'access',
      record: { at: new Date(T0).toISOString(), action: 'read', result: 'read', objects: [idOf(0)] },
    },
    {
      kind: 'access',
      record: {
        at: new Date(T0 + 1).toISOString(),
        action: 'read',
        result: 'read',
        objects: [idOf(3), idOf(1)],
      },
    },
  )
  await world.start()
  await world.indexed()
})
afterAll(() => world.destroy())

async function found(restriction: Restriction, parameters: Record<string, string> = {}): Promise<number[]> {
  const { items } = await world.projection.list(ask(parameters), restriction)
  return items.map(({ index }) => index).toSorted()
}

describe('a decision about several people', () => {
  test('is found by each of them', async () => {
    expect(await found(UNRESTRICTED, { subject: ANNA })).toEqual([0, 1])
    expect(await found(UNRESTRICTED, { subject: BERT })).toEqual([0])
    expect(await found(UNRESTRICTED, { subject: CARL })).toEqual([])
  })

  test('is left out with each of them, and what is said about it too', async () => {
    const others = restrict({ except: [BERT] })
    expect(await found(others)).toEqual([1, 2])
    expect((await world.projection.aggregate(ask({}), others)).items).toEqual([{ count: 2 }])
    expect(await world.projection.about(0, others)).toEqual([])
    const { rows } = await world.projection.sql('SELECT count() AS n FROM outcomes', others)
    expect(rows).toEqual([[0]])
    const left = await world.projection.sql('SELECT count() AS n FROM decisions', others)
    expect(left.rows).toEqual([[2]])
  })

  test('may be seen by whoever may see either', async () => {
    expect(await found(restrict({ subjects: [BERT] }))).toEqual([0])
    expect(await world.projection.about(0, restrict({ subjects: [BERT] }))).toEqual([3])
  })

  test('was looked at by whoever looked at it, for each of them', async () => {
    const looks = async (parameters: Record<string, string>, of?: string[]): Promise<number[]> =>
      (await world.projection.accesses(ask(parameters), of)).items.map(({ index }) => index)
    expect(await looks({ subject: BERT })).toEqual([4])
    expect(await looks({ subject: ANNA })).toEqual([5, 4])
    expect(await looks({}, [idOf(3)])).toEqual([5])
    expect(await looks({}, [idOf(0), idOf(1)])).toEqual([5, 4])
    expect(await looks({}, [idOf(2)])).toEqual([])
    await expect(looks({}, ["'] OR 1"])).rejects.toThrow(RangeError)
  })
})
