import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { gcsStore } from '../../packages/server/src/platform/gcs-store.ts'
import { openObjectStore, StoreAddressError } from '../../packages/server/src/platform/open-store.ts'
import { type BucketOptions, GcsFake } from './gcs-fake.ts'
import {
  bytesOf,
  describeObjectStore,
  listed,
  refusalOf,
  type StoreOfTests,
} from './object-store-contract.ts'

const fake = new GcsFake()
beforeAll(() => fake.start())
afterAll(() => fake.stop())
beforeEach(() => {
  process.env.GOOGLE_APPLICATION_CREDENTIALS = fake.accountFile()
})

function storeIn(bucket: string) {
  const { endpoint, clock } = fake
  return gcsStore({ bucket, prefix: 'below/', endpoint, pageKeys: 10, clock })
}

function openStore(options: BucketOptions): Promise<StoreOfTests> {
  const { clock } = fake
  const passed = (until: number): Promise<void> =>
    Promise.resolve(clock.advance(Math.max(0, until - clock.now())))
  return Promise.resolve({ store: storeIn(fake.newBucket(options)), now: () => clock.now(), passed })
}

const traits = { statesRemovals: false, lockMs: 60_000 }

describeObjectStore(
  'a bucket with retention and versions',
  () => openStore({ hasLocks: true, keepsVersions: true }),
  {
    ...traits,
    isWorm: true,
    takesLocks: true,
    keepsVersions: true,
  },
)

describeObjectStore('a bucket with retention and no versions', () => openStore({ hasLocks: true }), {
  ...traits,
  isWorm: true,
  takesLocks: true,
  keepsVersions: false,
})

describeObjectStore('a bucket with versions and no retention', () => openStore({ keepsVersions: true }), {
  ...traits,
  isWorm: false,
  takesLocks: false,
  keepsVersions: true,
})

describeObjectStore('a plain bucket', () => openStore({}), {
  ...traits,
  isWorm: false,
  takesLocks: false,
  keepsVersions: false,
})

describe('a store in Google Cloud Storage', () => {
  test('says that it was not run against the real service, and how long what is removed can be brought back', async () => {
    const bucket = fake.newBucket({ hasLocks: true, softDeleteSeconds: 604_800 })
    expect((await storeIn(bucket).ability()).description).toBe(
      'Google Cloud Storage with retention of objects; what is removed can be brought back for 7 days (not run against the real service)',
    )
  })

  test('makes a lock of governance one of compliance, and never the other way', async () => {
    const { store, now } = await openStore({ hasLocks: true, keepsVersions: true })
    const until = now() + 60_000
    const version = await store.put('a', bytesOf(1), { lock: { mode: 'governance', until } })
    expect(await refusalOf(store.extendLock('a', { mode: 'governance', until: until - 1 }, version))).toBe(
      'locked',
    )
    await store.extendLock('a', { mode: 'compliance', until }, version)
    expect(await store.lockOf('a', version)).toEqual({ mode: 'compliance', until })
    expect(await refusalOf(store.extendLock('a', { mode: 'governance', until }, version))).toBe('locked')
    expect(await refusalOf(store.remove('a', { version, bypassGovernance: true }))).toBe('locked')
  })

  test('sees by the lock that it is locked, where the service only forbids', async () => {
    const { store, now } = await openStore({ hasLocks: true, keepsVersions: true })
    const version = await store.put('a', bytesOf(1), { lock: { mode: 'compliance', until: now() + 60_000 } })
    const plain = await store.put('b', bytesOf(1))
    const forbidden = { status: 403, body: '{"error":{"errors":[{"reason":"forbidden"}]}}' }
    fake.faults.push(forbidden)
    expect(await refusalOf(store.remove('a', { version }))).toBe('locked')
    fake.faults.push(forbidden)
    expect(await refusalOf(store.remove('b', { version: plain }))).toBe('denied')
  })

  test('draws one token for many requests, and another when it ends or is not taken', async () => {
    const { store } = await openStore({})
    const before = fake.tokens
    await Promise.all([1, 2, 3].map((n) => store.put(`a/${n}`, bytesOf(n))))
    expect(fake.tokens - before).toBe(1)
    fake.clock.advance(3_600_000)
    await store.get('a/1')
    expect(fake.tokens - before).toBe(2)
    fake.endTokens()
    expect(await store.get('a/1')).toEqual(bytesOf(1))
    expect(fake.tokens - before).toBe(3)
  })

  test('is denied without the key of a service account, or with one that is not known', async () => {
    const { store } = await openStore({})
    const unknown = fake.accountFile({ client_email: 'else@deponent.test' })
    process.env.GOOGLE_APPLICATION_CREDENTIALS = unknown
    await expect(store.get('a')).rejects.toThrow(/does not know the credentials/)
    for (const file of [
      '/nowhere/key.json',
      '',
      fake.accountFile({ private_key: 'none' }),
      fake.accountFile({ token_uri: 'http://tokens.example/token' }),
    ]) {
      process.env.GOOGLE_APPLICATION_CREDENTIALS = file
      await expect(store.get('a')).rejects.toThrow(/GOOGLE_APPLICATION_CREDENTIALS names no file/)
    }
  })

  test('finds what was changed on the way', async () => {
    const { store } = await openStore({})
    await store.get('a')
    fake.flipsBits = true
    const refusal = refusalOf(store.put('a', bytesOf(10_000)))
    expect(await refusal.finally(() => (fake.flipsBits = false))).toBe('damaged_on_the_way')
  })

  test('writes nothing over what is there when it is told so', async () => {
    const { store } = await openStore({})
    await store.put('a', bytesOf(1), { ifAbsent: true })
    expect(await refusalOf(store.put('a', bytesOf(2), { ifAbsent: true }))).toBe('exists')
    expect(await store.get('a')).toEqual(bytesOf(1))
  })

  test('is tried again when what failed may pass, and not for ever', async () => {
    const { store } = await openStore({})
    await store.get('a')
    fake.faults.push('hangs up', { status: 429 }, { status: 503 })
    await store.put('a', bytesOf(10))
    expect(await store.get('a')).toEqual(bytesOf(10))
    const before = fake.asked
    for (let n = 0; n < 4; n += 1) fake.faults.push('hangs up')
    expect(await refusalOf(store.get('a'))).toBe('unreachable')
    expect(fake.asked - before).toBe(4)
  })

  test.each([
    [403, 'forbidden', 'denied', /denies/],
    [403, 'objectUnderActiveHold', 'locked', /locked/],
    [400, 'invalid', 'refused', /HTTP 400/],
    [413, '', 'refused', /size/],
  ] as const)('says of HTTP %i %s what is wrong, in words of ours', async (status, reason, code, words) => {
    const { store } = await openStore({})
    await store.get('a')
    await store.ability()
    const fault = { status, body: JSON.stringify({ error: { errors: [{ reason, message: 'somebody' }] } }) }
    fake.faults.push(fault)
    expect(await refusalOf(store.put('a', bytesOf(1)))).toBe(code)
    fake.faults.push(fault)
    const putting = store.put('a', bytesOf(1))
    await expect(putting).rejects.toThrow(words)
    await expect(putting).rejects.not.toThrow(/somebody/)
  })

  test('says that a bucket is not there, instead of taking everything in it as not there', async () => {
    const store = storeIn('nowhere')
    for (const work of [
      () => store.get('a'),
      () => store.lockOf('a'),
      () => store.versions('a'),
      () => store.ability(),
    ])
      await expect(work()).rejects.toThrow(/no such bucket/)
  })

  test('takes nothing for an answer that says nothing', async () => {
    const { store } = await openStore({})
    await store.get('a')
    fake.faults.push({ status: 200, body: '<html>a page of a proxy</html>' })
    await expect(listed(store, '')).rejects.toThrow(/says nothing/)
  })
})

describe('the address of a Google bucket', () => {
  test('names the bucket and what every key begins with', async () => {
    const bucket = fake.newBucket()
    const address = `gs://${bucket}/one/two?endpoint=${fake.endpoint}`
    // Tokens are asked for with the time, and nobody sets the clock of a store that is opened by its address.
    fake.clock.step(Date.now() - fake.clock.now())
    const store = await openObjectStore(address)
    await store.put('a', bytesOf(3))
    expect((await listed(store, '')).map(({ key }) => key)).toEqual(['a'])
    expect(store.place).toBe(`gs://${bucket}/one/two/ at ${fake.endpoint}`)
  })

  test.each([
    ['gs://', /names a bucket/],
    ['gs://Bucket!/a', /names a bucket/],
    ['gs://bucket/a//b', /prefix/],
    ['gs://bucket?region=x', /only endpoint/],
    ['gs://bucket?endpoint=http://storage.example', /https/],
    ['gs://user:secret@bucket', /environment/],
  ])('is refused with what is expected: %s', async (address, expected) => {
    const opening = (async () => openObjectStore(address))()
    await expect(opening).rejects.toThrow(StoreAddressError)
    await expect(opening).rejects.toThrow(expected)
    await expect(opening).rejects.not.toThrow(/secret/)
  })
})
