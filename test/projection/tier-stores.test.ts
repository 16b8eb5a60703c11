import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { fileStore } from '../../packages/server/src/platform/file-store.ts'
import type { ObjectStore } from '../../packages/server/src/platform/object-store.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { s3Store } from '../../packages/server/src/platform/s3-store.ts'
import { UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { type ObjectReader, readObjects } from '../../packages/server/src/projection/tiers/object-reader.ts'
import { TierStore } from '../../packages/server/src/projection/tiers/tier-store.ts'
import { ResidueTally } from '../../packages/server/src/residue/report.ts'
import { Seeker } from '../../packages/server/src/residue/seeker.ts'
import { spellingsOf } from '../../packages/server/src/residue/spellings.ts'
import { searchTiers } from '../../packages/server/src/residue/tier-objects.ts'
import { noRadosgw, Radosgw } from '../servers/radosgw.ts'
import { serverSuite } from '../servers/server-suite.ts'
import { personOf, story, TierWorld } from './tier-world.ts'

const worlds: TierWorld[] = []
const readers: ObjectReader[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.destroy()
  for (const reader of readers.splice(0)) await reader.close()
})

/** Every row, the number of the person's, and all versions of all objects. */
async function seen(
  { projection }: TierWorld,
  store: ObjectStore,
): Promise<{ rows: unknown; theirs: unknown; versions: number }> {
  const statement = `SELECT count() FROM decisions WHERE subject = '${PERSON}'`
  let versions = 0
  for await (const { key } of store.list('')) versions += (await store.versions(key)).length
  return {
    rows: (await projection.sql('SELECT * FROM decisions ORDER BY index', UNRESTRICTED)).rows,
    theirs: (await projection.sql(statement, UNRESTRICTED)).rows,
    versions,
  }
}

const PERSON = personOf(1)

/** Moves months into a store that the engine cannot read by itself, and erases a person there. */
async function moveAndErase(world: TierWorld, store: ObjectStore): Promise<void> {
  worlds.push(world)
  const reader = await readObjects(store, realRandom)
  readers.push(reader)
  const { directory: _, ...settings } = world.settings({ store, url: reader.url, forget: reader.forget })
  await world.start({ tiers: settings })
  world.source.add(...story(0, 30))
  await world.indexed()
  const before = await seen(world, store)
  expect(before.theirs).not.toEqual([[0]])
  await world.projection.moveMonths()
  const moved = await seen(world, store)
  expect(moved.rows).toEqual(before.rows)
  expect(moved.versions).toBeGreaterThan(6)
  const erased = world.source.entries.flatMap(({ index }) => (personOf(index) === PERSON ? [index] : []))
  await world.projection.erase(erased)
  const after = await seen(world, store)
  expect(after.theirs).toEqual([[0]])
  expect(after.versions).toBe(moved.versions)
}

test('months lie in a store that keeps versions, and no version is left of what is erased', async () => {
  const world = new TierWorld()
  await moveAndErase(world, fileStore(join(world.directory, 'versions'), { keepsVersions: true }))
})

test('rows that come when a file went are read as they are, wherever the server hands objects to the engine', async () => {
  const world = new TierWorld()
  worlds.push(world)
  const store = fileStore(world.storeDirectory)
  const reader = await readObjects(store, realRandom)
  readers.push(reader)
  const { directory: _, ...settings } = world.settings({ store, url: reader.url, forget: reader.forget })
  await world.start({ tiers: settings })
  world.source.add(...story(0, 30))
  await world.indexed()
  await world.projection.moveMonths()
  const outcomes = async (): Promise<unknown[]> => [
    ...(await world.projection.sql('SELECT index, outcome FROM outcomes ORDER BY index', UNRESTRICTED)).rows,
  ]
  expect(await outcomes()).toHaveLength(3)
  const earlier = new Set(world.stored())
  await world.projection.erase([7, 17, 27])
  expect(await outcomes()).toEqual([])
  const target = { index: 0, id: world.source.entries[0]!.entry.id }
  for (const outcome of ['a', 'b', 'c', 'd'])
    world.source.add({ kind: 'outcome', record: { outcome, at: '2024-01-12T00:00:00Z' }, target })
  await world.indexed()
  const before = await outcomes()
  for (const month of world.states.all()) world.states.put({ ...month, movedAt: 0 })
  expect(await world.projection.moveMonths()).toEqual(['2024-01'])
  expect(await outcomes()).toEqual(before)
  const keys = world.states.all().flatMap(({ files }) => files.map(({ key }) => key))
  expect(keys.filter((key) => earlier.has(key) && key.includes('=outcomes/'))).toEqual([])
})

test('an object is forgotten when another takes its place', async () => {
  const world = new TierWorld()
  worlds.push(world)
  const store = fileStore(world.storeDirectory)
  const reader = await readObjects(store, realRandom)
  readers.push(reader)
  const read = async (): Promise<string> => (await fetch(`${reader.url}/warm/a`)).text()
  await store.put('warm/a', Buffer.from('before'))
  expect(await read()).toBe('before')
  const tiers = new TierStore(world.settings({ store, url: reader.url, forget: reader.forget }))
  await tiers.replace('warm/a', Buffer.from('now another'))
  expect(await read()).toBe('now another')
  await tiers.remove(['warm/a'])
  expect((await fetch(`${reader.url}/warm/a`)).status).toBe(404)
})

/** Keys and removals of all versions, in the order of keys, newest first. */
async function versionsIn(store: ObjectStore): Promise<string[]> {
  const found: string[] = []
  for await (const { key, isRemoval } of store.listVersions(''))
    found.push(isRemoval ? `${key} removed` : key)
  return found
}

test('a sweep leaves no version of what no month names, hidden ones among them, and one of what months name', async () => {
  const world = new TierWorld()
  worlds.push(world)
  const store = fileStore(world.storeDirectory, { keepsVersions: true })
  const put = (key: string): Promise<unknown> => store.put(key, new Uint8Array([1]))
  await put('warm/default-0123/i/hidden')
  await store.remove('warm/default-0123/i/hidden')
  for (const key of ['kept', 'kept', 'gone', 'gone', 'kept-hidden']) await put(`cold/default-0123/i/${key}`)
  await store.remove('cold/default-0123/i/kept-hidden')
  await put('warm/another-4567/i/theirs')
  const kept = ['kept', 'kept-hidden'].map((key) => `cold/default-0123/i/${key}`)
  await new TierStore(world.settings({ store })).sweep(new Set(kept))
  expect(await versionsIn(store)).toEqual([
    'cold/default-0123/i/kept',
    // Whoever hid what a month names may show it again.
    'cold/default-0123/i/kept-hidden removed',
    'cold/default-0123/i/kept-hidden',
    'warm/another-4567/i/theirs',
  ])
})

test('a search for what is left of a person looks into versions that are hidden', async () => {
  const world = new TierWorld()
  worlds.push(world)
  const store = fileStore(world.storeDirectory, { keepsVersions: true })
  await store.put('cold/a/archive-0.tar.zst', Buffer.from(`about ${PERSON}`))
  await store.remove('cold/a/archive-0.tar.zst')
  const tally = new ResidueTally()
  await searchTiers(store, new Seeker([{ name: 'the subject', spellings: spellingsOf(PERSON) }]), tally)
  expect(tally.report().found.map(({ where }) => where)).toEqual(['cold/a/archive-0.tar.zst'])
})

test('objects are read by nobody who does not know the path of this start', async () => {
  const world = new TierWorld()
  worlds.push(world)
  const store = fileStore(world.storeDirectory)
  await store.put('warm/a', new Uint8Array([1, 2, 3, 4]))
  const reader = await readObjects(store, realRandom)
  readers.push(reader)
  const statusOf = async (url: string): Promise<number> => (await fetch(url)).status
  expect(await statusOf(`${reader.url}/warm/a`)).toBe(200)
  expect(await statusOf(`${reader.url}/warm/b`)).toBe(404)
  expect(await statusOf(`${new URL(reader.url).origin}/warm/a`)).toBe(403)
  const part = await fetch(`${reader.url}/warm/a`, { headers: { Range: 'bytes=1-2' } })
  expect([part.status, new Uint8Array(await part.arrayBuffer())]).toEqual([206, new Uint8Array([2, 3])])
})

serverSuite('S3', noRadosgw, () => {
  let server: Radosgw
  beforeAll(async () => {
    server = await Radosgw.start()
    Object.assign(process.env, server.environment)
  })
  afterAll(() => server?.stop())

  test('months lie in a bucket that keeps versions, and no version is left of what is erased', async () => {
    const bucket = await server.newBucket({ keepsVersions: true })
    const { endpoint, region } = server
    await moveAndErase(new TierWorld(), s3Store({ bucket, prefix: 'index/', endpoint, region }))
  })
})
