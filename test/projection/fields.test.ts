import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import {
  digestOf,
  DISTINCT_VALUES_MAX,
  FieldCatalogue,
  FIELDS_PER_SYSTEM_MAX,
  noAdditions,
} from '../../packages/server/src/projection/fields.ts'
import { UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { featureExpression } from '../../packages/server/src/projection/queries/filter.ts'
import { Substitutions } from '../../packages/server/src/projection/queries/parameters.ts'
import { FEATURE_SLOTS_MAX, namesOf } from '../../packages/server/src/projection/schema.ts'
import { ask, decision, type Told, World } from './world.ts'

const worlds: World[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.destroy()
})

function newWorld(): World {
  const world = new World()
  worlds.push(world)
  return world
}

const zip = (n: number, system = 'credit'): Told =>
  decision(
    { decisionId: `${system}-${n}`, inputFeatures: { zip: `zip-code-${n}`, region: `r${n % 3}` } },
    { system },
  )

async function count(world: World): Promise<number> {
  return Number((await world.projection.aggregate([], UNRESTRICTED)).items[0]!['count'])
}

async function found(world: World, parameters: Record<string, string>): Promise<number> {
  return (await world.projection.list(ask({ limit: '1000', ...parameters }), UNRESTRICTED)).items.length
}

describe('a field', () => {
  test('is queryable up to 1,000 distinct values and sealed at the next', async () => {
    const world = newWorld()
    world.source.add(...Array.from({ length: DISTINCT_VALUES_MAX }, (_, n) => zip(n)))
    world.source.add(zip(3), zip(3), zip(7, 'screening'))
    await world.start()
    await world.indexed()
    expect(world.positions.sealed).toEqual([])
    expect(await found(world, { 'feature.zip': 'zip-code-3' })).toBe(3)
    expect(await found(world, { 'feature.zip': 'zip-code-7' })).toBe(2)

    world.source.add(zip(DISTINCT_VALUES_MAX), zip(3))
    await world.indexed()
    expect(world.positions.sealed).toEqual([{ system: 'credit', field: 'zip' }])
    expect(world.sealedCalls).toEqual([{ system: 'credit', field: 'zip' }])
    const answer = await world.projection.list(ask({ 'feature.zip': 'zip-code-3' }), UNRESTRICTED)
    expect(answer).toMatchObject({ items: [], sealed: [{ system: 'credit', field: 'zip' }] })
    // Another system of the same field, and another field of the same system, go on.
    expect(await found(world, { 'feature.zip': 'zip-code-7' })).toBe(1)
    expect(await found(world, { 'feature.region': 'r0', system: 'credit' })).toBeGreaterThan(300)
    const { items, sealed } = await world.projection.aggregate(ask({ by: 'feature.zip' }), UNRESTRICTED)
    expect(items).toEqual([
      { 'feature.zip': null, count: 1_004 },
      { 'feature.zip': 'zip-code-7', count: 1 },
    ])
    expect(sealed).toEqual([{ system: 'credit', field: 'zip' }])
    expect(
      await world.projection.list(ask({ 'feature.zip': 'zip-code-7', system: 'screening' }), UNRESTRICTED),
    ).not.toHaveProperty('sealed')

    const onDisk = (text: string) =>
      readdirSync(world.directory, { recursive: true, withFileTypes: true })
        .filter((file) => file.isFile())
        .some((file) => {
          try {
            return readFileSync(join(file.parentPath, file.name)).includes(text)
          } catch {
            return false // Merged away between the listing and the look.
          }
        })
    await expect.poll(() => onDisk('zip-code-999'), { timeout: 90_000, interval: 500 }).toBe(false)
  })

  test('stays out of the index that is built again, with the same answers', async () => {
    const world = newWorld()
    world.source.add(...Array.from({ length: DISTINCT_VALUES_MAX + 20 }, (_, n) => zip(n)))
    await world.start()
    await world.indexed()
    const questions = async () => [
      await world.projection.aggregate(ask({ by: 'feature.zip' }), UNRESTRICTED),
      await world.projection.aggregate(ask({ by: 'feature.region' }), UNRESTRICTED),
      await world.projection.list(ask({ 'feature.zip': 'zip-code-1' }), UNRESTRICTED),
    ]
    const before = await questions()
    await world.projection.reindex()
    expect(await questions()).toEqual(before)
    expect(world.sealedCalls).toHaveLength(1)
    await world.stop()
    await world.start()
    expect(await questions()).toEqual(before)
  })

  test('is counted on over a restart', async () => {
    const world = newWorld()
    world.source.add(...Array.from({ length: DISTINCT_VALUES_MAX }, (_, n) => zip(n)))
    await world.start()
    await world.indexed()
    await world.stop()
    await world.start()
    world.source.add(zip(1))
    await world.indexed()
    expect(world.positions.sealed).toEqual([])
    world.source.add(zip(DISTINCT_VALUES_MAX))
    await world.indexed()
    expect(world.positions.sealed).toHaveLength(1)
  })

  test('is sealed once its owner has taken note, however often that fails', async () => {
    const world = newWorld()
    world.source.add(...Array.from({ length: DISTINCT_VALUES_MAX + 1 }, (_, n) => zip(n)))
    let calls = 0
    await world.start({
      onFieldSealed: () => {
        calls += 1
        if (calls < 3) throw new Error('not now')
      },
    })
    await world.indexed()
    expect(calls).toBe(3)
    expect(await found(world, { 'feature.zip': 'zip-code-5' })).toBe(0)
    expect(await world.projection.aggregate([], UNRESTRICTED)).toMatchObject({
      items: [{ count: DISTINCT_VALUES_MAX + 1 }],
    })
  })

  test('beyond those with a column of their own is answered all the same', async () => {
    const world = newWorld()
    const count = FEATURE_SLOTS_MAX + 30
    const names = Array.from({ length: count }, (_, n) => `field ${n}`)
    const last = `field ${count - 1}`
    const wide = (value: number) =>
      decision({ inputFeatures: Object.fromEntries(names.map((name) => [name, value])) })
    world.source.add(wide(1), wide(2))
    await world.start()
    await world.indexed()
    for (const name of ['field 0', last]) {
      expect(await found(world, { [`feature.${name}`]: '1' })).toBe(1)
      const { items } = await world.projection.aggregate(ask({ by: `feature.${name}` }), UNRESTRICTED)
      expect(items.map((item) => item[`feature.${name}`]).toSorted()).toEqual([1, 2])
    }
    const values = Array.from({ length: DISTINCT_VALUES_MAX }, (_, n) =>
      decision({ inputFeatures: { [last]: n + 10 } }),
    )
    world.source.add(...values)
    await world.indexed()
    expect(world.positions.sealed).toEqual([{ system: 'default', field: last }])
    expect(await found(world, { [`feature.${last}`]: '1' })).toBe(0)
    expect(await found(world, { [`feature.field ${count - 2}`]: '1' })).toBe(1)
  })

  test('may have any name', async () => {
    const names = [
      '__proto__',
      'constructor',
      "it's",
      '`',
      '"',
      '\\',
      'a.b',
      'é',
      '{p0:String}',
      '🜁',
      ' ',
      'f0',
      'index',
      'at',
      '; DROP TABLE x --',
      'x'.repeat(128),
    ]
    const world = newWorld()
    const feature = (name: string) => Object.defineProperty({}, name, { value: 'v', enumerable: true })
    world.source.add(
      ...names.map((name) => decision({ inputFeatures: feature(name) })),
      decision({ inputFeatures: feature('x'.repeat(129)) }),
    )
    await world.start()
    await world.indexed()
    for (const [index, name] of names.entries()) {
      const { items } = await world.projection.list([[`feature.${name}`, 'v']], UNRESTRICTED)
      expect(items.map((item) => item.index)).toEqual([index])
      const by = `feature.${name}`
      const groups = (await world.projection.aggregate([['by', by]], UNRESTRICTED)).items
      expect(groups).toEqual([
        { [by]: null, count: names.length },
        { [by]: 'v', count: 1 },
      ])
    }
    expect((await world.projection.list([[`feature.${'x'.repeat(129)}`, 'v']], UNRESTRICTED)).items).toEqual(
      [],
    )
    expect(
      (
        await world.projection.sql(
          'SELECT "feature.f0" FROM decisions ORDER BY index DESC LIMIT 6',
          UNRESTRICTED,
        )
      ).rows,
    ).toContainEqual(['v'])
  })
})

describe('a sealed field', () => {
  test('is left out of answers from the moment it is sealed, whatever of it is still in the index', () => {
    const ground = {
      client: {} as never,
      names: namesOf('deponent'),
      position: () => 10,
      files: () => [],
      archived: () => [],
      reading: <T>(question: () => Promise<T>) => question(),
      catalogue: () =>
        new FieldCatalogue([{ system: 'credit', field: 'zip' }], [{ name: 'zip', slot: 0 }], []),
    }
    const substitutions = new Substitutions()
    const expression = featureExpression('zip', { ground, substitutions })
    expect(expression).toBe("if(d.system IN {p0:Array(String)}, '', d.f0)")
    expect(substitutions.params).toEqual({ p0: ['credit'] })
  })

  test('leaves the index also when the engine dies while its values are taken out', async () => {
    const world = newWorld()
    world.source.add(...Array.from({ length: DISTINCT_VALUES_MAX + 1 }, (_, n) => zip(n)))
    await world.start()
    await world.indexed()
    expect(world.positions.sealed).toEqual([{ system: 'credit', field: 'zip' }])
    await world.processes.killNewest()
    world.source.add(zip(1))
    await world.indexed()
    const left = async (): Promise<unknown> =>
      (await world.projection.sql(`SELECT count() FROM decisions WHERE "feature.zip" != ''`, UNRESTRICTED))
        .rows
    await expect.poll(left, { timeout: 90_000, interval: 200 }).toEqual([[0]])
    expect(await count(world)).toBe(DISTINCT_VALUES_MAX + 2)
  })
})

describe('the catalogue of fields', () => {
  test('counts the same however the entries are cut into batches', () => {
    const feature = fc.record({ name: fc.constantFrom('a', 'b', 'c'), text: fc.string({ maxLength: 3 }) })
    const entry = fc.record({
      system: fc.constantFrom('s', 't'),
      features: fc.array(feature, { maxLength: 4 }),
    })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), fc.integer({ min: 1, max: 10 }), (entries, step) => {
        const noted = (width: number) => {
          const catalogue = new FieldCatalogue([], [], [])
          const all = noAdditions()
          for (let from = 0; from < entries.length; from += width) {
            const additions = noAdditions()
            for (const [i, { system, features }] of entries.slice(from, from + width).entries()) {
              catalogue.note(from + i, system, features, additions)
            }
            all.values.push(...additions.values)
            all.slots.push(...additions.slots)
          }
          return all
        }
        expect(noted(step)).toEqual(noted(entries.length + 1))
      }),
    )
  })

  test('is the same after it was stored and loaded', () => {
    const catalogue = new FieldCatalogue([{ system: 's', field: 'sealed' }], [], [])
    const additions = noAdditions()
    for (let i = 0; i < 40; i++)
      catalogue.note(
        i,
        's',
        [
          { name: `n${i % 5}`, text: `${i}` },
          { name: 'sealed', text: '1' },
        ],
        additions,
      )
    const loaded = new FieldCatalogue([{ system: 's', field: 'sealed' }], additions.slots, additions.values)
    expect(loaded.named()).toEqual(catalogue.named())
    const more = [noAdditions(), noAdditions()] as const
    catalogue.note(
      40,
      's',
      [
        { name: 'n1', text: '1' },
        { name: 'new', text: '1' },
        { name: 'sealed', text: '2' },
      ],
      more[0],
    )
    loaded.note(
      40,
      's',
      [
        { name: 'n1', text: '1' },
        { name: 'new', text: '1' },
        { name: 'sealed', text: '2' },
      ],
      more[1],
    )
    expect(more[1]).toEqual(more[0])
    expect(loaded.sealedIn('sealed')).toEqual(['s'])
  })

  test('stops taking names from a system that has too many, and says so once', () => {
    const catalogue = new FieldCatalogue([], [], [])
    const additions = noAdditions()
    for (let i = 0; i < FIELDS_PER_SYSTEM_MAX + 5; i++)
      catalogue.note(i, 's', [{ name: `n${i}`, text: '1' }], additions)
    expect(additions.full).toEqual(['s'])
    expect(additions.values).toHaveLength(FIELDS_PER_SYSTEM_MAX)
    expect(additions.slots).toHaveLength(FEATURE_SLOTS_MAX)
    expect(
      catalogue.queryable('s', [
        { name: 'n3', text: '1' },
        { name: `n${FIELDS_PER_SYSTEM_MAX}`, text: '1' },
      ]),
    ).toHaveLength(1)
  })

  test('tells a thousand values apart', () => {
    const digests = new Set(Array.from({ length: 100_000 }, (_, i) => digestOf(`"value ${i}"`)))
    expect(digests.size).toBe(100_000)
    for (const digest of digests) expect(Number.isSafeInteger(digest)).toBe(true)
  })
})
