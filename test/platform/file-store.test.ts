import { mkdir, mkdtemp, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { fileStore } from '../../packages/server/src/platform/file-store.ts'
import { openObjectStore, StoreAddressError } from '../../packages/server/src/platform/open-store.ts'
import {
  bytesOf,
  describeObjectStore,
  listed,
  refusalOf,
  type StoreOfTests,
} from './object-store-contract.ts'

const newPlace = (): Promise<string> => mkdtemp(join(tmpdir(), 'store-'))

async function openStore(keepsVersions: boolean): Promise<StoreOfTests> {
  const clock = new TestClock()
  const store = fileStore(join(await newPlace(), 'made/with/the/first/object'), { keepsVersions, clock })
  const passed = (until: number): Promise<void> => Promise.resolve(clock.advance(until - clock.now()))
  return { store, now: () => clock.now(), passed }
}

describeObjectStore('a directory', () => openStore(false), {
  keepsVersions: false,
  takesLocks: true,
  isWorm: false,
  statesRemovals: true,
  lockMs: 60_000,
})

describeObjectStore('a directory that keeps versions', () => openStore(true), {
  keepsVersions: true,
  takesLocks: true,
  isWorm: false,
  statesRemovals: true,
  lockMs: 60_000,
})

describe('a directory as a store of objects', () => {
  test('holds an object without a lock as a plain file that any tool reads', async () => {
    const root = await newPlace()
    await fileStore(root).put('month=2026-03/part.parquet', bytesOf(100))
    expect(new Uint8Array(await readFile(join(root, 'month=2026-03/part.parquet')))).toEqual(bytesOf(100))
    expect(await readdir(join(root, 'month=2026-03'))).toEqual(['part.parquet'])
  })

  test('writes nothing in the place of an object when it is told so', async () => {
    const { store } = await openStore(false)
    const lock = { mode: 'compliance' as const, until: 1_700_000_100_000 }
    await store.put('a', bytesOf(1), { ifAbsent: true })
    expect(await refusalOf(store.put('a', bytesOf(2), { ifAbsent: true }))).toBe('exists')
    expect(await refusalOf(store.put('a', bytesOf(2), { ifAbsent: true, lock }))).toBe('exists')
    await store.put('b', bytesOf(1), { ifAbsent: true, lock })
    expect(await refusalOf(store.put('b', bytesOf(2), { ifAbsent: true }))).toBe('exists')
    const writers = [3, 4, 5, 6].map((length) => store.put('c', bytesOf(length), { ifAbsent: true }))
    const won = await Promise.all(writers.map((writer) => refusalOf(writer)))
    expect(won.filter((code) => code === 'nothing failed')).toHaveLength(1)
  })

  test('keeps locks for whoever opens it next', async () => {
    const root = await newPlace()
    const clock = new TestClock()
    const until = clock.now() + 60_000
    const version = await fileStore(root, { clock }).put('a', bytesOf(1), {
      lock: { mode: 'compliance', until },
    })
    const next = fileStore(root, { clock })
    expect(await next.lockOf('a', version)).toEqual({ mode: 'compliance', until })
    expect(await refusalOf(next.remove('a', { version }))).toBe('locked')
  })

  test('does not list what a life that ended had not finished, and clears it away in time', async () => {
    const root = await newPlace()
    const left = join(root, '~new')
    await mkdir(left)
    for (const name of ['old', 'new']) await writeFile(join(left, name), 'half')
    await utimes(join(left, 'old'), 1_700_000_000, 1_700_000_000)
    const store = fileStore(root)
    await store.put('a', bytesOf(1))
    expect((await listed(store, '')).map(({ key }) => key)).toEqual(['a'])
    expect(await readdir(left)).toEqual(['new'])
  })

  test('says plainly that it cannot hold a key below another', async () => {
    const { store } = await openStore(false)
    await store.put('a', bytesOf(1))
    expect(await refusalOf(store.put('a/b', bytesOf(1)))).toBe('not_supported')
    await store.put('c/d', bytesOf(1))
    expect(await refusalOf(store.put('c', bytesOf(1)))).toBe('not_supported')
    expect(await store.get('c')).toBeUndefined()
    expect(await store.get('a')).toEqual(bytesOf(1))
  })

  test('lists a removal of what was locked no more, and the object again without it', async () => {
    const { store, now } = await openStore(false)
    await store.put('a', bytesOf(7), { lock: { mode: 'compliance', until: now() + 1_000 } })
    await store.remove('a')
    expect(await listed(store, '')).toEqual([])
    const [removal] = await store.versions('a')
    await store.remove('a', { version: removal!.version })
    expect((await listed(store, '')).map(({ key, bytes }) => [key, bytes])).toEqual([['a', 7]])
  })
})

describe('the address of a store', () => {
  test('is a path, or a URL of a directory', async () => {
    const root = await newPlace()
    for (const address of [root, `file://${root}`, `file://${root}?versions=keep`]) {
      const store = await openObjectStore(address)
      await store.put('a', bytesOf(3))
      expect(await fileStore(root).get('a')).toEqual(bytesOf(3))
      expect((await store.ability()).keepsVersions).toBe(address.endsWith('keep'))
      expect(store.place).toBe(root)
    }
  })

  test.each([
    ['', /empty/],
    ['ftp://host/path', /begins with/],
    ['file://host/path', /three slashes/],
    ['file:///a?version=keep', /only versions/],
    ['file:///a?versions=some', /only be `keep`/],
    ['file://user:secret@/a', /environment|can be read/],
  ])('is refused with what is expected: %s', async (address, expected) => {
    const opening = (async () => openObjectStore(address))()
    await expect(opening).rejects.toThrow(StoreAddressError)
    await expect(opening).rejects.toThrow(expected)
    await expect(opening).rejects.not.toThrow(/secret/)
  })
})
