import { expect, test } from 'vitest'
import { StoreFailure } from '../../packages/server/src/platform/object-store.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { searchResidue } from '../../packages/server/src/residue/residue.ts'
import { requestAbout } from '../erasure/erasing.ts'
import { loan } from '../recording/open-tenant.ts'
import {
  ciphertextOf,
  DAY_MS,
  loans,
  newCopiedPlace,
  openCopied,
  saidOfCopy,
  shortOf,
  storeHolds,
  until,
  versionsIn,
  WatchedStore,
} from './copies.ts'

const away = new StoreFailure('unreachable', 'the store is away')

test('an erasure reaches every version of every object that held the person: segments, and pieces of the log', async () => {
  const place = await newCopiedPlace()
  const life = await openCopied(place, { segmentEntries: 64 })
  await life.record(...loans(40))
  await life.copied()
  await life.record(...loans(40, 40))
  await life.copied()
  const names = ['loan-3', 'loan-14', 'loan-69', 'loan-4', 'loan-70']
  const [sealed, kept] = [names.slice(0, 3), names.slice(3)]
  const needles = new Map<string, Uint8Array>()
  for (const name of names) needles.set(name, await ciphertextOf(life, name))
  for (const name of names) expect(await storeHolds(place.store, needles.get(name)!)).toBe(true)
  await life.erase('person-3')
  for (const name of sealed)
    expect([name, await storeHolds(place.store, needles.get(name)!)]).toEqual([name, false])
  for (const name of kept)
    expect([name, await storeHolds(place.store, needles.get(name)!)]).toEqual([name, true])
  await life.copied()
  for (const name of sealed) expect(await storeHolds(place.store, needles.get(name)!)).toBe(false)
  await life.close()
})

test('before a version is removed past its lock, a record that names nobody says durably that it will be', async () => {
  const place = await newCopiedPlace()
  const store = new WatchedStore(place.store)
  const life = await openCopied(place, { store, segmentEntries: 64 })
  await life.record(...loans(80))
  await life.copied()
  const said: unknown[] = []
  store.before = async (call) => {
    if (call === 'remove') said.push((await saidOfCopy(life)).at(-1))
  }
  await life.erase('person-3')
  expect(said.length).toBeGreaterThan(1)
  for (const each of said)
    expect(each).toEqual({
      event: 'offsite.bypassed',
      segments: [0],
      pieces: expect.any(Number) as number,
      versions: said.length,
    })
  await life.close()
})

test('an erasure is not completed while the store is away, says why, and is when it is back', async () => {
  const place = await newCopiedPlace()
  const store = new WatchedStore(place.store)
  const life = await openCopied(place, { store })
  await life.record(...loans(20))
  await life.copied()
  const needle = await ciphertextOf(life, 'loan-3')
  store.before = (call) => {
    if (call === 'remove') throw away
  }
  const { erasure } = await life.erasures.request(requestAbout(life.tenant, 'person-3'))
  await until(() => life.erasures.status(erasure.id)?.failure !== undefined)
  expect(life.erasures.status(erasure.id)?.failure).toBe('the store is away')
  expect(life.erasures.status(erasure.id)?.erasure.outcome).toBeUndefined()
  expect(await storeHolds(place.store, needle)).toBe(true)
  store.before = () => undefined
  await until(() => life.erasures.status(erasure.id)?.erasure.outcome !== undefined)
  expect(await storeHolds(place.store, needle)).toBe(false)
  await life.close()
})

test('an erasure that a crash cut short goes on at the next start, and reaches the copy', async () => {
  const place = await newCopiedPlace()
  const store = new WatchedStore(place.store)
  const first = await openCopied(place, { store })
  await first.record(...loans(20))
  await first.copied()
  const needle = await ciphertextOf(first, 'loan-3')
  let removed = 0
  store.before = (call) => {
    if (call === 'remove' && (removed += 1) > 0) throw away
  }
  const { erasure } = await first.erasures.request(requestAbout(first.tenant, 'person-3'))
  await until(() => removed > 0)
  await first.close()
  const second = await openCopied(place)
  await until(() => second.erasures.status(erasure.id)?.erasure.outcome !== undefined)
  expect(await storeHolds(place.store, needle)).toBe(false)
  await second.close()
})

test('an erasure reaches what was put although the store was thought not to answer, and what was hidden', async () => {
  const place = await newCopiedPlace()
  const store = new WatchedStore(place.store)
  const life = await openCopied(place, { store })
  let lost = 0
  store.after = (call, key) => {
    if (call !== 'put' || !shortOf(key).startsWith('vault/') || lost === 3) return
    lost += 1
    throw away
  }
  await life.record(...loans(10))
  await life.record(loan(14))
  await life.copied()
  expect(lost).toBe(3)
  const needle = await ciphertextOf(life, 'loan-3')
  for await (const { key } of place.store.list('default/'))
    if (shortOf(key).startsWith('vault/')) await place.store.remove(key)
  await life.erase('person-3')
  expect(await storeHolds(place.store, needle)).toBe(false)
  await life.close()
})

test('what is left of a person is looked for in the copy too: nothing once they are erased, and what somebody put back', async () => {
  const place = await newCopiedPlace()
  const life = await openCopied(place, { segmentEntries: 64 })
  await life.record(...loans(80))
  await life.copied()
  const foundIn = async (): Promise<string[]> => {
    const { data: directory, store: copy } = place
    const { found } = await searchResidue({
      disk: realDisk,
      directory,
      subject: 'person-3',
      values: [],
      copy,
    })
    return found.flatMap(({ what, where }) => (where.startsWith('offsite copy') ? [what] : []))
  }
  const sealed = (await versionsIn(place.store)).find(({ key }) => key.endsWith('.seg'))
  const bytes = (await place.store.get(sealed!.key))!
  expect(await foundIn()).toContain('the subject as text')
  await life.erase('person-3')
  expect(await foundIn()).toEqual([])
  await place.store.put(sealed!.key, bytes)
  expect(new Set(await foundIn())).toEqual(new Set(['a sealed payload whose key is destroyed']))
  // Once a day what nobody knows of is removed.
  place.clock.aheadMs += 2 * DAY_MS
  await life.record(loan(100))
  await until(async () => (await foundIn()).length === 0)
  await life.close()
})

test('an erasure in a process that was not told of the copy waits, and says for what', async () => {
  const place = await newCopiedPlace()
  const first = await openCopied(place)
  await first.record(...loans(20))
  await first.copied()
  await first.close()
  const second = await openCopied(place, { isCopied: undefined })
  const { erasure } = await second.erasures.request(requestAbout(second.tenant, 'person-3'))
  await until(() => second.erasures.status(erasure.id)?.failure !== undefined)
  expect(second.erasures.status(erasure.id)?.failure).toContain('erasures wait for a server that is started')
  await second.close()
  const third = await openCopied(place)
  await until(() => third.erasures.status(erasure.id)?.erasure.outcome !== undefined)
  await third.close()
})

test('an erasure done while nothing was copied reaches the copy when copying begins again', async () => {
  const place = await newCopiedPlace()
  const first = await openCopied(place)
  await first.record(...loans(20))
  await first.copied()
  const needle = await ciphertextOf(first, 'loan-3')
  await first.close()
  const second = await openCopied(place, { isCopied: null })
  await second.erase('person-3')
  await second.close()
  expect(await storeHolds(place.store, needle)).toBe(true)
  const third = await openCopied(place)
  await third.record(loan(100))
  await third.copied()
  expect(await storeHolds(place.store, needle)).toBe(false)
  await third.close()
})
