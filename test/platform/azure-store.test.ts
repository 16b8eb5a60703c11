import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { textToSign } from '../../packages/server/src/platform/azure-requests.ts'
import { azureStore } from '../../packages/server/src/platform/azure-store.ts'
import { openObjectStore, StoreAddressError } from '../../packages/server/src/platform/open-store.ts'
import { AzureFake, type ContainerOptions } from './azure-fake.ts'
import {
  bytesOf,
  describeObjectStore,
  listed,
  refusalOf,
  type StoreOfTests,
} from './object-store-contract.ts'

const fake = new AzureFake()
beforeAll(() => fake.start())
afterAll(() => fake.stop())
beforeEach(() => {
  process.env.AZURE_STORAGE_KEY = fake.key
  delete process.env.AZURE_STORAGE_SAS_TOKEN
})

function storeIn(container: string) {
  const { account, endpoint, clock } = fake
  return azureStore({ account, container, prefix: 'below/', endpoint, pageKeys: 10, clock })
}

async function openStore(options: ContainerOptions): Promise<StoreOfTests> {
  const container = fake.newContainer(options)
  const { account, endpoint, clock } = fake
  // Whether an account keeps versions is seen by the blobs that are there.
  await azureStore({ account, container, prefix: '', endpoint, clock }).put('beside', bytesOf(1))
  const passed = (until: number): Promise<void> =>
    Promise.resolve(clock.advance(Math.max(0, until - clock.now())))
  return { store: storeIn(container), now: () => clock.now(), passed }
}

const traits = { statesRemovals: false, lockMs: 60_000 }

describeObjectStore('a container with immutability of versions', () => openStore({ hasLocks: true }), {
  ...traits,
  isWorm: true,
  takesLocks: true,
  keepsVersions: true,
})

describeObjectStore(
  'a container of an account that keeps versions',
  () => openStore({ keepsVersions: true }),
  {
    ...traits,
    isWorm: false,
    takesLocks: false,
    keepsVersions: true,
  },
)

describeObjectStore('a plain container', () => openStore({}), {
  ...traits,
  isWorm: false,
  takesLocks: false,
  keepsVersions: false,
})

describe('a store in Azure Blob Storage', () => {
  test('says that it was not run against the real service, and how long what is removed can be brought back', async () => {
    const store = storeIn(fake.newContainer({ hasLocks: true }))
    expect((await store.ability()).description).toBe(
      'Azure Blob immutability of versions (not run against the real service)',
    )
    fake.softDeleteDays = 7
    expect((await store.ability()).description).toContain('can be brought back for 7 days')
    fake.softDeleteDays = 0
  })

  test('signs as the documentation shows it', () => {
    const headers = { 'x-ms-date': 'Fri, 26 Jun 2015 23:39:12 GMT', 'x-ms-version': '2015-02-21' }
    const url =
      'https://myaccount.blob.core.windows.net/mycontainer?comp=metadata&restype=container&timeout=20'
    expect(textToSign({ method: 'GET', url, headers }, 'myaccount')).toBe(
      'GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20',
    )
  })

  test('may be used with a token (SAS) instead of the key, and repeats nothing of either', async () => {
    const store = storeIn(fake.newContainer({ hasLocks: true }))
    delete process.env.AZURE_STORAGE_KEY
    process.env.AZURE_STORAGE_SAS_TOKEN = `?${fake.newToken()}`
    const until = fake.clock.now() + 60_000
    const version = await store.put('a', bytesOf(10), { lock: { mode: 'compliance', until } })
    expect(await store.get('a', { version })).toEqual(bytesOf(10))
    expect((await listed(store, '')).map(({ key }) => key)).toEqual(['a'])
    process.env.AZURE_STORAGE_SAS_TOKEN = fake.newToken(new Date(fake.clock.now() - 1).toISOString())
    await expect(store.get('a')).rejects.toThrow(/does not accept the signature/)
    await expect(store.get('a')).rejects.not.toThrow(/sig=/)
  })

  test('is denied without credentials, or with those of somebody else', async () => {
    const store = storeIn(fake.newContainer())
    process.env.AZURE_STORAGE_KEY = Buffer.from('another').toString('base64')
    expect(await refusalOf(store.put('a', bytesOf(1)))).toBe('denied')
    for (const key of ['', 'not base64!']) {
      process.env.AZURE_STORAGE_KEY = key
      await expect(store.put('a', bytesOf(1))).rejects.toThrow(/AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN/)
    }
  })

  test('finds what was changed on the way', async () => {
    const store = storeIn(fake.newContainer())
    fake.flipsBits = true
    const refusal = refusalOf(store.put('a', bytesOf(1_000)))
    expect(await refusal.finally(() => (fake.flipsBits = false))).toBe('damaged_on_the_way')
  })

  test('writes nothing over what is there when it is told so', async () => {
    const store = storeIn(fake.newContainer())
    await store.put('a', bytesOf(1), { ifAbsent: true })
    expect(await refusalOf(store.put('a', bytesOf(2), { ifAbsent: true }))).toBe('exists')
    expect(await store.get('a')).toEqual(bytesOf(1))
  })

  test('does not hide what took the place of the version it removes', async () => {
    const { store } = await openStore({ keepsVersions: true })
    const version = await store.put('a', bytesOf(10))
    fake.before = async ({ method, query }) => {
      if (method !== 'DELETE' || query.has('versionid')) return
      fake.before = () => undefined
      await store.put('a', bytesOf(20))
    }
    await store.remove('a', { version })
    expect(await store.get('a')).toEqual(bytesOf(20))
    expect((await store.versions('a')).map(({ bytes }) => bytes)).toEqual([20])
  })

  test('is tried again when what failed may pass, with longer waits, and not for ever', async () => {
    const store = storeIn(fake.newContainer())
    fake.clock.waits.length = 0
    fake.faults.push(
      'hangs up',
      { status: 503, headers: { 'x-ms-error-code': 'ServerBusy' } },
      { status: 500 },
    )
    await store.put('a', bytesOf(10))
    expect(await store.get('a')).toEqual(bytesOf(10))
    expect(fake.clock.waits).toHaveLength(3)
    for (const [n, wait] of fake.clock.waits.entries()) expect(wait).toBeLessThanOrEqual(250 * 2 ** n)
    const before = fake.asked
    for (let n = 0; n < 4; n += 1)
      fake.faults.push({ status: 503, headers: { 'x-ms-error-code': 'ServerBusy', 'retry-after': '3600' } })
    await expect(store.get('a')).rejects.toThrow(/is asked too often$/)
    expect(fake.asked - before).toBe(4)
    expect(Math.max(...fake.clock.waits)).toBe(10_000)
  })

  test.each([
    [404, 'ContainerNotFound', 'not_found', /no such container/],
    [409, 'BlobImmutableDueToPolicy', 'locked', /locked/],
    [409, 'BlobImmutableDueToLegalHold', 'locked', /locked/],
    [403, 'AuthorizationPermissionMismatch', 'denied', /denies/],
    [413, 'RequestBodyTooLarge', 'refused', /size/],
    [301, '', 'refused', /HTTP 301/],
    [400, 'SomethingNew', 'refused', /HTTP 400/],
  ] as const)('says of HTTP %i %s what is wrong, in words of ours', async (status, name, code, words) => {
    const store = storeIn(fake.newContainer())
    const fault = { status, headers: { 'x-ms-error-code': name }, body: 'the name of somebody' }
    fake.faults.push(fault)
    expect(await refusalOf(store.put('a', bytesOf(1)))).toBe(code)
    fake.faults.push(fault)
    const putting = store.put('a', bytesOf(1))
    await expect(putting).rejects.toThrow(words)
    await expect(putting).rejects.not.toThrow(/somebody/)
  })

  test('says that a container is not there, instead of taking everything in it as not there', async () => {
    const store = storeIn('nowhere')
    for (const work of [
      () => store.get('a'),
      () => store.lockOf('a'),
      () => store.versions('a'),
      () => store.ability(),
    ])
      await expect(work()).rejects.toThrow(/no such container/)
    expect(await refusalOf(listed(store, ''))).toBe('not_found')
  })

  test('takes nothing for a list that is none', async () => {
    const store = storeIn(fake.newContainer())
    fake.faults.push({ status: 200, body: '<html>a page of a proxy</html>' })
    await expect(listed(store, '')).rejects.toThrow(/says nothing/)
  })
})

describe('the address of a container', () => {
  test('names the account, the container, and what every key begins with', async () => {
    const { account, endpoint } = fake
    const container = fake.newContainer()
    const address = (prefix: string) => `az://${account}/${container}${prefix}?endpoint=${endpoint}`
    // Requests are signed with the time, and nobody sets the clock of a store that is opened by its address.
    fake.clock.step(Date.now() - fake.clock.now())
    const [all, below] = await Promise.all([
      openObjectStore(address('')),
      openObjectStore(address('/one/two')),
    ])
    await below.put('a', bytesOf(3))
    expect(await all.get('one/two/a')).toEqual(bytesOf(3))
    expect(below.place).toBe(`az://${account}/${container}/one/two/ at ${endpoint}`)
    expect((await openObjectStore(`az://${account}/${container}`)).place).toBe(
      `az://${account}/${container}/`,
    )
  })

  test.each([
    ['az://', /account and a container/],
    ['az://account', /account and a container/],
    ['az://Account!/container', /account and a container/],
    ['az://account/a--b', /account and a container/],
    ['az://account/container/a//b', /prefix/],
    ['az://account/container?region=x', /only endpoint/],
    ['az://account/container?endpoint=http://storage.example', /https/],
    ['az://account:secret@x/container', /environment/],
  ])('is refused with what is expected: %s', async (address, expected) => {
    const opening = (async () => openObjectStore(address))()
    await expect(opening).rejects.toThrow(StoreAddressError)
    await expect(opening).rejects.toThrow(expected)
    await expect(opening).rejects.not.toThrow(/secret/)
  })
})
