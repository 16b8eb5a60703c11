import { createHash } from 'node:crypto'
import { createServer, request, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openObjectStore, StoreAddressError } from '../../packages/server/src/platform/open-store.ts'
import { s3Store } from '../../packages/server/src/platform/s3-store.ts'
import { pruneBackup } from '../../packages/server/src/backup/keep.ts'
import { backUp, newBackupPlace, opened, putBack, SMALL } from '../backup/backing-up.ts'
import { loan, openRecording, submission } from '../recording/open-tenant.ts'
import { noRadosgw, Radosgw, type BucketOptions } from '../servers/radosgw.ts'
import { serverSuite } from '../servers/server-suite.ts'
import { bytesOf, describeObjectStore, refusalOf, type StoreOfTests } from './object-store-contract.ts'

serverSuite('S3', noRadosgw, () => {
  let server: Radosgw
  beforeAll(async () => {
    server = await Radosgw.start()
    Object.assign(process.env, server.environment)
  })
  afterAll(() => server?.stop())

  async function openStore(options: BucketOptions): Promise<StoreOfTests> {
    const bucket = await server.newBucket(options)
    const { endpoint, region } = server
    const store = s3Store({ bucket, prefix: 'below/', endpoint, region, pageKeys: 10 })
    const passed = (until: number): Promise<void> =>
      new Promise((resolve) => setTimeout(resolve, Math.max(0, until - Date.now())))
    return { store, now: () => Date.now(), passed }
  }

  describeObjectStore('a bucket with Object Lock', () => openStore({ hasLocks: true }), {
    isWorm: true,
    takesLocks: true,
    keepsVersions: true,
    statesRemovals: true,
    lockMs: 3_000,
  })

  describeObjectStore('a bucket with versions and no locks', () => openStore({ keepsVersions: true }), {
    isWorm: false,
    takesLocks: false,
    keepsVersions: true,
    statesRemovals: true,
    lockMs: 3_000,
  })

  describeObjectStore('a plain bucket', () => openStore({}), {
    isWorm: false,
    takesLocks: false,
    keepsVersions: false,
    statesRemovals: true,
    lockMs: 3_000,
  })

  test('a directory is backed up to buckets and comes back from them, with one copy of its keyring', async () => {
    const place = await newBackupPlace()
    const running = await openRecording(place, undefined, SMALL)
    await running.tenant.recorder.record(Array.from({ length: 45 }, (_, i) => submission(loan(i), i)))
    await running.tenant.ledger.published(running.tenant.ledger.size, 30_000)
    await running.close()
    const { endpoint, region } = server
    const bucket = await server.newBucket({ hasLocks: true })
    const to = s3Store({ bucket, prefix: 'backup/', endpoint, region, pageKeys: 10 })
    const keyring = s3Store({
      bucket: await server.newBucket({ keepsVersions: true }),
      endpoint,
      region,
      prefix: '',
    })
    const buckets = { ...place, to, keyring }
    await backUp(buckets)
    expect(await backUp(buckets)).toMatchObject({ newObjects: 0 })
    expect(await keyring.versions('keyring')).toHaveLength(1)
    const { check } = await putBack(buckets, `${place.data}-back`)
    expect(check.verdict).toBe('valid')
    const backup = await opened(buckets)
    expect(await pruneBackup(backup, { now: Date.now(), erasedDays: 30, last: 1 })).toMatchObject({
      objects: 0,
    })
    expect(await backup.snapshotIds()).toHaveLength(1)
  })

  describe('what the server does by itself, whoever asks', () => {
    const DAY_MS = 86_400_000
    const nameOf = (work: Promise<unknown>): Promise<string> =>
      work.then(
        () => 'nothing failed',
        (error: unknown) => (error as Error).name,
      )
    let client: S3Client
    beforeAll(() => {
      client = server.client({ maxAttempts: 1 })
    })
    afterAll(() => client.destroy())

    test('refuses bytes that are not those of their Content-MD5', async () => {
      const Bucket = await server.newBucket({ hasLocks: true })
      const ContentMD5 = createHash('md5').update('others').digest('base64')
      const put = new PutObjectCommand({ Bucket, Key: 'a', Body: bytesOf(10), ContentMD5 })
      expect(await nameOf(client.send(put))).toBe('BadDigest')
    })

    test('refuses to end a compliance lock earlier, also for the owner of the bucket with the right to bypass', async () => {
      const Bucket = await server.newBucket({ hasLocks: true })
      const until = new Date(Date.now() + 10 * DAY_MS)
      const locked = { Bucket, Key: 'a' }
      await client.send(
        new PutObjectCommand({
          ...locked,
          Body: bytesOf(10),
          ObjectLockMode: 'COMPLIANCE',
          ObjectLockRetainUntilDate: until,
        }),
      )
      const shortened = new PutObjectRetentionCommand({
        ...locked,
        BypassGovernanceRetention: true,
        Retention: { Mode: 'COMPLIANCE', RetainUntilDate: new Date(until.getTime() - DAY_MS) },
      })
      expect(await nameOf(client.send(shortened))).toBe('AccessDenied')
    })

    test.each([
      ['a plain bucket', {}],
      ['a bucket with versions', { keepsVersions: true }],
      ['a bucket with Object Lock', { hasLocks: true }],
    ])('is reported, not assumed, on conditional puts in %s', async (where, options) => {
      const Bucket = await server.newBucket(options)
      const put = (Key: string, IfNoneMatch?: string): Promise<string> =>
        nameOf(
          client.send(
            new PutObjectCommand({ Bucket, Key, Body: bytesOf(10), ...(IfNoneMatch && { IfNoneMatch }) }),
          ),
        )
      await put('a')
      const second = await put('a', '*')
      const racing = await Promise.all(Array.from({ length: 8 }, () => put('b', '*')))
      const won = racing.filter((name) => name === 'nothing failed').length
      const multipart = await completed(client, Bucket, 'a')
      const seen = { second, won, multipart }
      expect(['nothing failed', 'PreconditionFailed']).toContain(second)
      expect(won).toBeGreaterThanOrEqual(1)
      process.stdout.write(`conditional puts in ${where}: ${JSON.stringify(seen)}\n`)
    })

    async function completed(s3: S3Client, Bucket: string, Key: string): Promise<string> {
      const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }))
      const part = { Bucket, Key, UploadId, PartNumber: 1, Body: bytesOf(10) }
      const { ETag } = await s3.send(new UploadPartCommand(part))
      const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] }
      const complete = { Bucket, Key, UploadId, MultipartUpload, IfNoneMatch: '*' }
      return nameOf(s3.send(new CompleteMultipartUploadCommand(complete)))
    }
  })

  describe('a bucket by its address', () => {
    test('is opened with its region, endpoint and prefix, and keeps to its prefix', async () => {
      const bucket = await server.newBucket()
      const [all, below] = await Promise.all(
        ['', 'one/two/'].map((prefix) => openObjectStore(server.address(bucket, prefix))),
      )
      await below!.put('a', bytesOf(3))
      expect(await all!.get('one/two/a')).toEqual(bytesOf(3))
      expect(below!.place).toBe(`s3://${bucket}/one/two/ at ${server.endpoint}`)
      await all!.close()
      await below!.close()
    })

    test('says what is wrong, in words of ours', async () => {
      const store = await openObjectStore(server.address('no-such-bucket'))
      await expect(store.ability()).rejects.toThrow(/has no such bucket$/)
      const bucket = await server.newBucket()
      process.env.AWS_SECRET_ACCESS_KEY = 'another'
      try {
        const denied = await openObjectStore(server.address(bucket))
        expect(await refusalOf(denied.put('a', bytesOf(1)))).toBe('denied')
        await expect(denied.put('a', bytesOf(1))).rejects.toThrow(/signature: wrong secret/)
        await expect(denied.put('a', bytesOf(1))).rejects.not.toThrow(/another|testaccess/)
      } finally {
        Object.assign(process.env, server.environment)
      }
    })

    test('finds what was changed on the way', async () => {
      const bucket = await server.newBucket()
      const between = await listen(flippingBodies(server.endpoint))
      const store = s3Store({ bucket, prefix: '', region: server.region, endpoint: between.endpoint })
      expect(await refusalOf(store.put('a', bytesOf(1_000)))).toBe('damaged_on_the_way')
      between.close()
    })
  })
})

describe('a server that is not what it is taken for', () => {
  test('is not believed to lock: what it says when it is asked counts, not what it takes', async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' })
    const taken: string[] = []
    // Some servers take the headers of a lock, answer 200 and delete the object when they are told to.
    const pretending = await listen(
      createServer((asked, answer) => {
        const path = asked.url ?? ''
        if (asked.method === 'PUT') taken.push(path)
        answer.writeHead(path.includes('object-lock') ? 501 : 200, { 'content-type': 'application/xml' })
        answer.end(path.includes('versioning') ? '<VersioningConfiguration/>' : '')
      }),
    )
    const store = s3Store({ bucket: 'b', prefix: '', region: 'us-east-1', endpoint: pretending.endpoint })
    expect(await store.ability()).toMatchObject({ isWorm: false, takesLocks: false })
    const lock = { mode: 'compliance' as const, until: Date.now() + 100_000 }
    expect(await refusalOf(store.put('a', bytesOf(1), { lock }))).toBe('not_supported')
    expect(taken).toEqual([])
    pretending.close()
  })

  test('is said to be away when nobody is there', async () => {
    const gone = await listen(createServer())
    gone.close()
    const store = s3Store({ bucket: 'b', prefix: '', region: 'us-east-1', endpoint: gone.endpoint })
    expect(await refusalOf(store.get('a'))).toBe('unreachable')
    await expect(store.get('a')).rejects.toThrow(/ECONNREFUSED/)
  })
})

test.each([
  ['s3://', /names a bucket/],
  ['s3:///prefix', /names a bucket/],
  ['s3://Bucket!/a', /names a bucket/],
  ['s3://bucket/a?endpoint=nowhere', /endpoint/],
  ['s3://bucket/a?zone=1', /only region, endpoint/],
  ['s3://key:secret@bucket/a', /environment/],
  ['s3://bucket/a//b', /prefix/],
])('the address of a bucket is refused with what is expected: %s', async (address, expected) => {
  const opening = (async () => openObjectStore(address))()
  await expect(opening).rejects.toThrow(StoreAddressError)
  await expect(opening).rejects.toThrow(expected)
  await expect(opening).rejects.not.toThrow(/secret/)
})

/** Passes requests on, with one bit of every body turned over. */
function flippingBodies(endpoint: string): Server {
  return createServer((asked: IncomingMessage, answer) => {
    const chunks: Buffer[] = []
    asked.on('data', (chunk: Buffer) => chunks.push(chunk))
    asked.on('end', () => {
      const body = Buffer.concat(chunks)
      if (body.length > 0) body[0]! ^= 1
      const { method, headers } = asked
      const onwards = request(endpoint + asked.url, { method, headers }, (answered) => {
        answer.writeHead(answered.statusCode ?? 500, answered.headers)
        answered.pipe(answer)
      })
      onwards.end(body)
    })
  })
}

async function listen(of: Server): Promise<{ endpoint: string; close(): void }> {
  await new Promise<void>((resolve) => of.listen(0, '127.0.0.1', resolve))
  const { port } = of.address() as AddressInfo
  return { endpoint: `http://127.0.0.1:${port}`, close: () => of.close() }
}
