import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { ask, decision, idOf, T0, type Told, World } from './world.ts'

const ANNA = 'a'.repeat(32)
const world = new World()

function access(minute: number, record: object): Told {
  return { kind: 'access', record: { at: new Date(T0 + minute * 60_000).toISOString(), ...record } }
}

const RITA = { id: 'id-1', name: 'Rita', role: 'reviewer' }

async function found(parameters: Record<string, string>): Promise<number[]> {
  const { items } = await world.projection.accesses(ask(parameters))
  return items.map(({ index }) => index)
}

beforeAll(async () => {
  world.source.add(
    decision({ decisionId: 'd0' }, { subject: ANNA }),
    decision({ decisionId: 'd1' }),
    access(1, { actor: RITA, action: 'read', result: 'read', objects: [idOf(0)], count: 1 }),
    access(2, {
      actor: RITA,
      action: 'reveal',
      result: 'revealed',
      purpose: 'complaint',
      objects: [idOf(0), idOf(1)],
      count: 2,
      repeats: 3,
    }),
    access(3, { actor: { id: 'id-2', name: 'Adam', role: 'auditor' }, action: 'list', result: 'denied' }),
    // Such as others could send before the server kept these records itself.
    access(4, { accessedBy: 'someone', objects: 'none' }),
    { kind: 'access.external', record: { actor: RITA, objects: [idOf(0)] } },
  )
  await world.start()
  await world.indexed()
})

afterAll(() => world.destroy())

describe('looks at records', () => {
  test('are listed newest first, with the entry their record is in', async () => {
    expect(await world.projection.accesses([])).toEqual({
      items: [
        { index: 5, id: idOf(5), at: '2026-01-10T00:04:00.000Z' },
        {
          index: 4,
          id: idOf(4),
          at: '2026-01-10T00:03:00.000Z',
          identity: 'id-2',
          name: 'Adam',
          role: 'auditor',
          action: 'list',
          result: 'denied',
        },
        {
          index: 3,
          id: idOf(3),
          at: '2026-01-10T00:02:00.000Z',
          identity: 'id-1',
          name: 'Rita',
          role: 'reviewer',
          action: 'reveal',
          result: 'revealed',
          purpose: 'complaint',
          count: 2,
          repeats: 3,
        },
        {
          index: 2,
          id: idOf(2),
          at: '2026-01-10T00:01:00.000Z',
          identity: 'id-1',
          name: 'Rita',
          role: 'reviewer',
          action: 'read',
          result: 'read',
          count: 1,
        },
      ],
      next: null,
      asOf: { size: 7 },
    })
  })

  test.each([
    [{ id: idOf(0) }, [3, 2]],
    [{ id: idOf(1) }, [3]],
    [{ id: 'nothing' }, []],
    [{ subject: ANNA }, [3, 2]],
    [{ subject: 'b'.repeat(32) }, []],
    [{ identity: 'id-1' }, [3, 2]],
    [{ role: 'auditor' }, [4]],
    [{ action: 'reveal' }, [3]],
    [{ result: 'denied' }, [4]],
    [{ from: '2026-01-10T00:02:00Z', to: '2026-01-10T00:04:00Z' }, [4, 3]],
    [{ identity: 'id-1', order: 'at' }, [2, 3]],
  ])('are found by %j', async (parameters: Record<string, string>, indexes) => {
    expect(await found(parameters)).toEqual(indexes)
  })

  test('come in pages that go on for the same question alone', async () => {
    const first = await world.projection.accesses(ask({ limit: '3' }))
    expect(first.items.map(({ index }) => index)).toEqual([5, 4, 3])
    expect(await found({ limit: '3', cursor: first.next! })).toEqual([2])
    await expect(found({ role: 'auditor', cursor: first.next! })).rejects.toMatchObject({
      code: 'bad_cursor',
    })
    await expect(found({ modelId: 'm' })).rejects.toMatchObject({
      code: 'unknown_parameter',
      field: 'modelId',
    })
    await expect(found({ limit: '0' })).rejects.toMatchObject({ field: 'limit' })
  })

  test('are in no view, and are counted and rebuilt like everything else', async () => {
    const { rows } = await world.projection.sql('SELECT kind FROM records', UNRESTRICTED)
    expect(rows).toEqual([['access.external']])
    await expect(world.projection.sql('SELECT * FROM accesses', UNRESTRICTED)).rejects.toMatchObject({
      code: 'bad_sql',
    })
    const before = await world.projection.accesses([])
    expect(await world.projection.check()).toEqual([])
    await world.projection.reindex()
    expect(await world.projection.accesses([])).toEqual(before)
  })
})
