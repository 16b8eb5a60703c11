import { rm } from 'node:fs/promises'
import { fromUtf8 } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { StoreFailure } from '../../packages/server/src/platform/object-store.ts'
import { requestAbout } from '../erasure/erasing.ts'
import {
  alertsOf,
  DAY_MS,
  keysIn,
  LOCK_DAYS,
  loans,
  newCopiedPlace,
  openCopied,
  restored,
  saidOfCopy,
  shortOf,
  until,
  versionsIn,
  WatchedStore,
} from './copies.ts'

const away = new StoreFailure('unreachable', 'the store is away')

describe('a copy', () => {
  test('has what a checkpoint covers, and the checkpoint: provable for ever under compliance, content under governance', async () => {
    const place = await newCopiedPlace()
    const life = await openCopied(place, { segmentEntries: 64 })
    await life.record(...loans(300))
    await life.copied()
    const { size, note } = life.tenant.ledger.checkpoint!
    const keys = await keysIn(place.store)
    const expected = [
      'identity.json',
      'tile/0/000',
      'tile/entries/000',
      'vault/000000000000-000000000064.seg',
    ]
    expect(keys).toEqual(expect.arrayContaining(expected))
    expect(keys).toEqual(expect.arrayContaining([`tile/entries/001.p/${size - 256}`, 'tile/1/000.p/1']))
    const now = place.clock.now()
    for (const { key, version } of await versionsIn(place.store)) {
      const { mode, until: end } = (await place.store.lockOf(key, version))!
      expect([key, mode]).toEqual([key, shortOf(key).startsWith('vault/') ? 'governance' : 'compliance'])
      expect(end).toBeGreaterThan(now + LOCK_DAYS * DAY_MS - 60_000)
    }
    const last = (await versionsIn(place.store)).find(({ key }) =>
      key.endsWith(`checkpoint/000000000${size}`),
    )!
    expect(fromUtf8((await place.store.get(last.key))!)).toBe(note)
    await life.close()
  })

  test('puts nothing twice, and a checkpoint never before what it covers', async () => {
    const place = await newCopiedPlace()
    const store = new WatchedStore(place.store)
    const puts: string[] = []
    store.before = (call, key) => {
      if (call === 'put') puts.push(shortOf(key))
    }
    const life = await openCopied(place, { store })
    for (let n = 0; n < 5; n += 1) {
      await life.record(...loans(100, n * 100))
      await life.copied()
    }
    expect(new Set(puts).size).toBe(puts.length)
    expect(puts.at(-1)).toBe(`checkpoint/000000000${life.tenant.ledger.size}`)
    await life.close()
  })

  test('says in words that a directory is not WORM', async () => {
    const place = await newCopiedPlace()
    const life = await openCopied(place)
    await life.record(...loans(1))
    await life.copied()
    const { description, isWorm, lagEntries, lockDays, locks, trouble } = life.offsite.status()
    expect({ description, isWorm, lagEntries, lockDays, trouble }).toEqual({
      description: 'a directory of files: not WORM',
      isWorm: false,
      lagEntries: 0,
      lockDays: LOCK_DAYS,
      trouble: null,
    })
    expect(locks.compliance).toBeGreaterThan(0)
    expect(locks.governance).toBeGreaterThan(0)
    await life.close()
  })

  test('is put on record when it begins, is set to something else, and ends', async () => {
    const place = await newCopiedPlace()
    for (const lockDays of [30, 30, 60]) {
      const life = await openCopied(place, { lockDays })
      await life.record(...loans(1, lockDays))
      await life.copied()
      await life.close()
    }
    for (let n = 0; n < 2; n += 1) await (await openCopied(place, { isCopied: null })).close()
    const last = await openCopied(place, { isCopied: null })
    const set = (lockDays: number): object => ({ store: place.store.place, lockDays, isWorm: false })
    expect(await saidOfCopy(last)).toEqual([
      { event: 'offsite.set', before: null, after: set(30) },
      { event: 'offsite.set', before: set(30), after: set(60) },
      { event: 'offsite.ended', before: set(60), after: null },
    ])
    await last.close()
  })

  test('is remembered without the state, as of a directory that was put back: erasures wait for it, and its end is put on record', async () => {
    const place = await newCopiedPlace()
    const first = await openCopied(place)
    await first.record(...loans(20))
    await first.copied()
    await first.close()
    await rm(`${place.data}/state`, { recursive: true })
    const untold = await openCopied(place, { isCopied: undefined })
    const { erasure } = await untold.erasures.request(requestAbout(untold.tenant, 'person-3'))
    await until(() => untold.erasures.status(erasure.id)?.failure !== undefined)
    await untold.close()
    await rm(`${place.data}/state`, { recursive: true })
    const ended = await openCopied(place, { isCopied: null })
    const before = { store: place.store.place, lockDays: LOCK_DAYS, isWorm: false }
    expect((await saidOfCopy(ended)).at(-1)).toEqual({ event: 'offsite.ended', before, after: null })
    await ended.close()
  })

  test('lags while the store is away, says so once, and catches up', async () => {
    const place = await newCopiedPlace()
    const store = new WatchedStore(place.store)
    const life = await openCopied(place, { store })
    await life.record(...loans(1))
    await life.copied()
    store.before = () => {
      throw away
    }
    await life.record(...loans(20, 1))
    await until(() => life.offsite.status().trouble !== null && life.offsite.status().lagEntries >= 20)
    expect(life.offsite.status().trouble?.message).toBe('the store is away')
    let failures = 0
    store.before = () => {
      failures += 1
      throw away
    }
    await until(() => failures > 1)
    expect(life.told).toEqual(['the ledger is not copied'])
    store.before = () => undefined
    await life.copied()
    expect(life.told).toEqual(['the ledger is not copied', 'the ledger is copied again'])
    await life.close()
  })

  test('of a state that was lost is recognised by its bytes, and nothing of it put again', async () => {
    const place = await newCopiedPlace()
    const first = await openCopied(place, { segmentEntries: 64 })
    await first.record(...loans(300))
    await first.copied()
    await first.close()
    const before = await keysIn(place.store)
    await rm(`${place.data}/state`, { recursive: true })
    const store = new WatchedStore(place.store)
    const puts: string[] = []
    store.before = (call, key) => {
      if (call === 'put') puts.push(shortOf(key))
    }
    const second = await openCopied(place, { store, segmentEntries: 64 })
    await second.record(...loans(1, 300))
    await second.copied()
    expect(puts.filter((key) => before.includes(key))).toEqual([])
    expect(second.offsite.status().locks.weak).toBe(0)
    await second.close()
  })
})

test('what was put and not remembered, because a crash came between, is put again, and nothing is lost', async () => {
  const place = await newCopiedPlace()
  const store = new WatchedStore(place.store)
  const crashed = new Set<string>()
  store.after = (call, key) => {
    if (call !== 'put' || crashed.has(key)) return
    crashed.add(key)
    throw away
  }
  const life = await openCopied(place, { store, segmentEntries: 64 })
  await life.record(...loans(150))
  await life.copied()
  await life.close()
  expect(crashed.size).toBeGreaterThan(5)
  const { data, ledgers } = await restored(place)
  expect(ledgers[0]!.size).toBe(life.tenant.ledger.size)
  expect((await checkDirectory(realDisk, data)).verdict).toBe('valid')
})

describe('locks', () => {
  test('are set anew before half of their time is left, and what nobody needs goes when its lock is over', async () => {
    const place = await newCopiedPlace()
    const life = await openCopied(place)
    await life.record(...loans(10))
    await life.copied()
    await life.record(...loans(300, 10))
    await life.copied()
    const keys = await keysIn(place.store)
    expect(keys).toContain('tile/entries/000.p/12')
    place.clock.aheadMs += 20 * DAY_MS
    await life.record(...loans(1, 400))
    await life.copied()
    const lockOf = async (ending: string): Promise<number> => {
      const { key } = (await versionsIn(place.store)).find((each) => each.key.endsWith(ending))!
      return (await place.store.lockOf(key))!.until - place.clock.now()
    }
    expect(await lockOf('/tile/entries/000')).toBeGreaterThan(29 * DAY_MS)
    expect(await lockOf('/tile/entries/000.p/12')).toBeLessThan(11 * DAY_MS)
    place.clock.aheadMs += 11 * DAY_MS
    await life.record(...loans(1, 401))
    await life.copied()
    const left = await keysIn(place.store)
    expect(left).not.toContain('tile/entries/000.p/12')
    expect(left).toEqual(expect.arrayContaining(['tile/entries/000', 'tile/0/000']))
    await life.close()
  })

  test('that are weaker than asked are told of, shown, and set again', async () => {
    const place = await newCopiedPlace()
    const store = new WatchedStore(place.store)
    const life = await openCopied(place, { store })
    await life.record(...loans(300))
    await life.copied()
    const lockOf = store.lockOf.bind(store)
    const renewed: string[] = []
    store.lockOf = (key, version) =>
      key.endsWith('/tile/entries/000') && !renewed.includes(key)
        ? Promise.resolve(undefined)
        : lockOf(key, version)
    store.after = (call, key) => {
      if (call === 'extendLock') renewed.push(key)
    }
    place.clock.aheadMs += 2 * DAY_MS
    await life.record(...loans(1, 300))
    await life.copied()
    expect(life.offsite.status().locks.weak).toBe(1)
    expect(life.told).toEqual(['objects of the copy are gone or locked for less than was asked'])
    expect(await alertsOf(life)).toEqual([{ gone: 0, weak: 1, first: 'tile/entries/000' }])
    expect(renewed.map(shortOf)).toEqual(['tile/entries/000'])
    place.clock.aheadMs += 2 * DAY_MS
    await life.record(...loans(1, 301))
    await life.copied()
    expect(life.offsite.status().locks.weak).toBe(0)
    await life.close()
  })

  test('of objects that are gone are looked for in vain, and the objects are copied again', async () => {
    const place = await newCopiedPlace()
    const life = await openCopied(place)
    await life.record(...loans(300))
    await life.copied()
    const gone = (await versionsIn(place.store)).find(({ key }) => key.endsWith('/tile/entries/000'))!
    await rm(`${place.storeRoot}/${gone.key}~`, { recursive: true })
    place.clock.aheadMs += 2 * DAY_MS
    await life.record(...loans(1, 300))
    await life.copied()
    await until(async () => (await place.store.get(gone.key)) !== undefined)
    expect(await alertsOf(life)).toEqual([{ gone: 1, weak: 0, first: 'tile/entries/000' }])
    await life.close()
  })

  test('of a piece of the log that is gone are looked for in vain, and the copy brings all of it back again', async () => {
    const place = await newCopiedPlace()
    const life = await openCopied(place)
    await life.record(...loans(20))
    await life.copied()
    const gone = (await versionsIn(place.store)).find(({ key }) => key.endsWith('.tail'))!
    await rm(`${place.storeRoot}/${gone.key}~`, { recursive: true })
    place.clock.aheadMs += 2 * DAY_MS
    await life.record(...loans(1, 20))
    await life.copied()
    await until(async () => (await alertsOf(life)).length > 0)
    await life.copied()
    await life.close()
    const { data } = await restored(place)
    expect((await checkDirectory(realDisk, data)).verdict).toBe('valid')
  })
})
