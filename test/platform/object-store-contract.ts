/** What every store of objects must do, whoever keeps it: one suite of sentences that each driver passes. */
import { describe, expect, test } from 'vitest'
import {
  type Lock,
  type ObjectStore,
  type StoredObject,
  StoreFailure,
  type StoreFailureCode,
} from '../../packages/server/src/platform/object-store.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'

/** A store with nothing in it, and the way to let its time pass. */
export interface StoreOfTests {
  readonly store: ObjectStore
  /** Unix milliseconds by the clock that locks of this store end by. */
  now(): number
  /** Resolves when that clock is past `until`. */
  passed(until: number): Promise<void>
}

export interface StoreTraits {
  readonly keepsVersions: boolean
  readonly takesLocks: boolean
  readonly isWorm: boolean
  /** Where versions are kept, whether a removal is one of them, and the version below is read again when what is above it goes. */
  readonly statesRemovals: boolean
  /** How long locks of tests are: short where nobody can turn the clock, and longer than a test needs until then. */
  readonly lockMs: number
}

export const bytesOf = (length: number, seed: number | string = length): Uint8Array =>
  new SeededRandom(seed).bytes(length)

/** The code a store refuses with; fails when it does not. */
export async function refusalOf(work: Promise<unknown>): Promise<StoreFailureCode | 'nothing failed'> {
  return work.then(
    () => 'nothing failed' as const,
    (error: unknown) => {
      if (!(error instanceof StoreFailure)) throw error
      return error.code
    },
  )
}

/** What a store lists below a prefix. */
export async function listed(store: ObjectStore, prefix: string): Promise<StoredObject[]> {
  const objects: StoredObject[] = []
  for await (const object of store.list(prefix)) objects.push(object)
  return objects
}

const keysOf = async (store: ObjectStore, prefix: string): Promise<string[]> =>
  (await listed(store, prefix)).map(({ key }) => key)

/** Removes every version of a key, as whoever erases does. */
export async function removeAll(store: ObjectStore, key: string, bypassGovernance = false): Promise<void> {
  for (const { version } of await store.versions(key)) await store.remove(key, { version, bypassGovernance })
}

/** The sentences, about stores that `open` gives, each a new one. */
export function describeObjectStore(
  name: string,
  open: () => Promise<StoreOfTests>,
  traits: StoreTraits,
): void {
  describe(name, () => {
    describeObjects(open, traits)
    describeListing(open)
    if (traits.takesLocks) describeLocks(open, traits)
    else describeNoLocks(open)
  })
}

function describeObjects(open: () => Promise<StoreOfTests>, traits: StoreTraits): void {
  test('says of itself what it is able to', async () => {
    const { store } = await open()
    const { isWorm, keepsVersions, takesLocks, description } = await store.ability()
    expect({ isWorm, keepsVersions, takesLocks }).toEqual({
      isWorm: traits.isWorm,
      keepsVersions: traits.keepsVersions,
      takesLocks: traits.takesLocks,
    })
    expect(description.includes('not WORM')).toBe(!isWorm)
    expect(store.place).not.toBe('')
  })

  test('gives back what was put, however long, and undefined for what is not there', async () => {
    const { store } = await open()
    for (const length of [0, 1, 70_000]) await store.put(`a/${length}`, bytesOf(length))
    for (const length of [0, 1, 70_000]) expect(await store.get(`a/${length}`)).toEqual(bytesOf(length))
    expect(await store.get('a/2')).toBeUndefined()
    expect(await store.get('a')).toBeUndefined()
    expect(await store.versions('a/2')).toEqual([])
  })

  test('takes the keys it is said to take, and no others', async () => {
    const { store } = await open()
    const long = Array.from({ length: 4 }, () => 'k'.repeat(200)).join('/')
    const keys = ['tile/0/x001/002.p/77', 'month=2026-03/part-0001.parquet', '...', 'Z_-=.', long]
    for (const key of keys) await store.put(key, bytesOf(10, key))
    for (const key of keys) expect(await store.get(key)).toEqual(bytesOf(10, key))
    for (const key of [
      '',
      '/a',
      'a/',
      'a//b',
      '.',
      'a/../b',
      'a b',
      'ä',
      'a~',
      'k'.repeat(201),
      `${long}/${'k'.repeat(200)}`,
    ]) {
      await expect((async () => store.put(key, bytesOf(1)))(), key).rejects.toThrow(RangeError)
      await expect((async () => store.get(key))()).rejects.toThrow(RangeError)
    }
  })

  test('replaces an object as a whole, also when several do so at once', async () => {
    const { store } = await open()
    await store.put('a', bytesOf(5_000))
    await store.put('a', bytesOf(10))
    expect(await store.get('a')).toEqual(bytesOf(10))
    const lengths = [3_000, 4_000, 5_000, 6_000]
    await Promise.all(lengths.map((length) => store.put('a', bytesOf(length))))
    const left = await store.get('a')
    expect(lengths.map((length) => bytesOf(length))).toContainEqual(left)
  })

  test('gives a part of an object, as far as there is one', async () => {
    const { store } = await open()
    const all = bytesOf(10_000)
    await store.put('a', all)
    for (const [from, end] of [
      [0, 1],
      [9_999, 10_000],
      [4_000, 9_000],
      [9_000, 20_000],
    ] as const)
      expect(await store.get('a', { range: { from, end } })).toEqual(all.slice(from, end))
    expect(await store.get('a', { range: { from: 10_000, end: 10_001 } })).toEqual(new Uint8Array(0))
    expect(await store.get('a', { range: { from: 5, end: 5 } })).toEqual(new Uint8Array(0))
    expect(await store.get('b', { range: { from: 0, end: 1 } })).toBeUndefined()
  })

  test('has nothing left of an object when every version of it is removed', async () => {
    const { store } = await open()
    await store.put('a', bytesOf(10))
    await store.put('a', bytesOf(20))
    await removeAll(store, 'a')
    expect(await store.get('a')).toBeUndefined()
    expect(await store.versions('a')).toEqual([])
    await store.put('b', bytesOf(10))
    await store.remove('b')
    await store.remove('b')
    expect(await store.get('b')).toBeUndefined()
    expect(await keysOf(store, '')).toEqual([])
    await removeAll(store, 'b')
    expect(await store.versions('b')).toEqual([])
  })

  test(
    traits.keepsVersions
      ? 'keeps what is overwritten or removed as an earlier version'
      : 'keeps nothing of what is overwritten or removed',
    async () => {
      const { store } = await open()
      const versions = [await store.put('a', bytesOf(10)), await store.put('a', bytesOf(20))]
      await store.remove('a')
      const kept = await store.versions('a')
      if (!traits.keepsVersions) {
        expect(versions).toEqual([null, null])
        expect(kept).toEqual([])
        return
      }
      const known = kept.filter(({ isRemoval }) => !isRemoval)
      expect(kept.map(({ isRemoval }) => isRemoval).slice(0, -2)).toEqual(traits.statesRemovals ? [true] : [])
      expect(known.map(({ version }) => version)).toEqual(versions.toReversed())
      expect(known.map(({ bytes }) => bytes)).toEqual([20, 10])
      expect(await store.get('a')).toBeUndefined()
      expect(await store.get('a', { version: versions[0]! })).toEqual(bytesOf(10))
      if (traits.statesRemovals) {
        await store.remove('a', { version: kept[0]!.version })
        expect(await store.get('a')).toEqual(bytesOf(20))
      }
      await store.remove('a', { version: versions[1]! })
      expect(await store.get('a')).toEqual(traits.statesRemovals ? bytesOf(10) : undefined)
      expect((await store.versions('a')).map(({ version }) => version)).toEqual([versions[0]])
    },
  )

  if (traits.keepsVersions)
    test('removes the newest version alone when it is named', async () => {
      const { store } = await open()
      const versions = [await store.put('a', bytesOf(10)), await store.put('a', bytesOf(20))]
      await store.remove('a', { version: versions[1]! })
      expect((await store.versions('a')).map(({ version }) => version)).toEqual([versions[0]])
      expect(await store.get('a', { version: versions[0]! })).toEqual(bytesOf(10))
      expect(await store.get('a', { version: versions[1]! })).toBeUndefined()
    })
}

function describeListing(open: () => Promise<StoreOfTests>): void {
  test('lists the objects below a prefix in the order of their bytes, with their sizes', async () => {
    const { store } = await open()
    const keys = ['b/1', 'b.x', 'b/10', 'b/2', 'B/1', 'b/1.p/3', 'b0', 'a']
    for (const [length, key] of keys.entries()) await store.put(key, bytesOf(length))
    expect(await keysOf(store, '')).toEqual(keys.toSorted())
    expect(await keysOf(store, 'b/')).toEqual(['b/1', 'b/1.p/3', 'b/10', 'b/2'])
    expect(await keysOf(store, 'b/1')).toEqual(['b/1', 'b/1.p/3', 'b/10'])
    expect(await keysOf(store, 'none/')).toEqual([])
    for await (const { key, bytes, storedAt } of store.list('')) {
      expect(bytes).toBe(keys.indexOf(key))
      expect(storedAt).toBeGreaterThan(1_600_000_000_000)
    }
  })

  test('lists every version below a prefix, also of what is hidden, as each key by itself tells them', async () => {
    const { store } = await open()
    const keys = ['v/1', 'v/1.p/3', 'v/10', 'v/2']
    for (const key of keys) for (let n = 1; n <= 4; n += 1) await store.put(key, bytesOf(n))
    await store.put('w', bytesOf(1))
    await store.remove('v/10')
    const expected: unknown[] = []
    for (const key of keys) expected.push(...(await store.versions(key)))
    const found: unknown[] = []
    for await (const version of store.listVersions('v/')) found.push(version)
    expect(found).toEqual(expected)
  })

  test('lists more objects than fit one answer, and each of them once', async () => {
    const { store } = await open()
    const keys = Array.from({ length: 27 }, (_, n) => `many/${String(n).padStart(3, '0')}`)
    await Promise.all(keys.map((key) => store.put(key, bytesOf(1))))
    expect(await keysOf(store, 'many/')).toEqual(keys)
  })
}

function describeLocks(open: () => Promise<StoreOfTests>, { isWorm, lockMs }: StoreTraits): void {
  const lock = (of: StoreOfTests, mode: Lock['mode'], ms = lockMs): Lock => ({ mode, until: of.now() + ms })

  test('puts an object under a lock and says so when it is asked', async () => {
    const place = await open()
    const wanted = lock(place, 'compliance', 60_000)
    const version = await place.store.put('a', bytesOf(10), { lock: wanted })
    const stated = await place.store.lockOf('a', version)
    expect(stated?.mode).toBe('compliance')
    // Stores count in their own grain, and never less than was asked.
    expect(stated?.until).toBeGreaterThanOrEqual(wanted.until)
    expect(stated?.until).toBeLessThan(wanted.until + 1_001)
    await place.store.put('b', bytesOf(10))
    expect(await place.store.lockOf('b')).toBeUndefined()
  })

  test.each(['compliance', 'governance'] as const)(
    'keeps an object under a %s lock as it is, whatever is put in its place or removed',
    async (mode) => {
      const place = await open()
      const { store } = place
      const version = await store.put('a', bytesOf(10), { lock: lock(place, mode, 60_000) })
      await store.put('a', bytesOf(20)).catch((error: unknown) => {
        expect(error).toHaveProperty('code', 'locked')
      })
      await store.remove('a').catch((error: unknown) => {
        expect(error).toHaveProperty('code', 'locked')
      })
      expect(await refusalOf(store.remove('a', { version }))).toBe('locked')
      expect(await store.get('a', { version })).toEqual(bytesOf(10))
    },
  )

  test('lets nobody take an object away under a compliance lock, nor weaken the lock', async () => {
    const place = await open()
    const { store } = place
    const set = lock(place, 'compliance', 60_000)
    const version = await store.put('a', bytesOf(10), { lock: set })
    expect(await refusalOf(store.remove('a', { version, bypassGovernance: true }))).toBe('locked')
    const shorter = { ...set, until: set.until - 30_000 }
    expect(await refusalOf(store.extendLock('a', shorter, version))).toBe('locked')
    const weaker: Lock = { mode: 'governance', until: set.until + 60_000 }
    expect(await refusalOf(store.extendLock('a', weaker, version))).toBe('locked')
    expect(await store.get('a', { version })).toEqual(bytesOf(10))
    expect((await store.lockOf('a', version))?.mode).toBe('compliance')
  })

  test('moves the end of a lock further away, and locks what had none', async () => {
    const place = await open()
    const { store } = place
    for (const mode of ['compliance', 'governance'] as const) {
      const version = await store.put(mode, bytesOf(10), { lock: lock(place, mode, 30_000) })
      const longer = lock(place, mode, 90_000)
      await store.extendLock(mode, longer, version)
      expect((await store.lockOf(mode, version))?.until).toBeGreaterThanOrEqual(longer.until)
    }
    await store.put('later', bytesOf(10))
    await store.extendLock('later', lock(place, 'governance', 30_000))
    expect((await store.lockOf('later'))?.mode).toBe('governance')
    expect(await store.get('later')).toEqual(bytesOf(10))
    expect(await refusalOf(store.extendLock('none', lock(place, 'governance')))).toBe('not_found')
  })

  test('lets whoever may pass a governance lock, and only when told to', async () => {
    const place = await open()
    const { store } = place
    const version = await store.put('a', bytesOf(10), { lock: lock(place, 'governance', 60_000) })
    expect(await refusalOf(store.remove('a', { version }))).toBe('locked')
    await store.remove('a', { version, bypassGovernance: true })
    expect(await store.get('a')).toBeUndefined()
    await removeAll(store, 'a')
    expect(await store.versions('a')).toEqual([])
  })

  test('lets an object go when its lock is over', async () => {
    const place = await open()
    const { store } = place
    const set = lock(place, 'compliance')
    const version = await store.put('a', bytesOf(10), { lock: set })
    await place.passed(((await store.lockOf('a', version))?.until ?? set.until) + 1_000)
    expect(await store.lockOf('a', version)).toBeUndefined()
    await store.remove('a', { version })
    await removeAll(store, 'a')
    expect(await store.versions('a')).toEqual([])
  })

  test('takes no lock that is over already', async () => {
    const place = await open()
    const past: Lock = { mode: 'compliance', until: place.now() - 10_000 }
    expect(await refusalOf(place.store.put('a', bytesOf(1), { lock: past }))).toBe('refused')
    expect(await place.store.get('a')).toBeUndefined()
  })

  if (!isWorm)
    test('does not call itself WORM for keeping locks', async () => {
      const { store } = await open()
      expect((await store.ability()).description).toMatch(/not WORM/)
    })
}

function describeNoLocks(open: () => Promise<StoreOfTests>): void {
  test('refuses a lock it cannot set, and does not put the object without it', async () => {
    const { store, now } = await open()
    const lock: Lock = { mode: 'compliance', until: now() + 60_000 }
    expect(await refusalOf(store.put('a', bytesOf(10), { lock }))).toBe('not_supported')
    expect(await store.get('a')).toBeUndefined()
    await store.put('b', bytesOf(10))
    expect(await refusalOf(store.extendLock('b', lock))).toBe('not_supported')
    expect(await store.lockOf('b')).toBeUndefined()
  })
}
