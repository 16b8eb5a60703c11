import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fromUtf8 } from '@deponent/format'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ledgerIdOf } from '../../packages/server/src/ledger/wal-frame.ts'
import { scanWal } from '../../packages/server/src/ledger/wal-scan.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { s3Store } from '../../packages/server/src/platform/s3-store.ts'
import type { ObjectStore, StoredVersion } from '../../packages/server/src/platform/object-store.ts'
import { shortOf, storeHolds, until, versionsIn } from '../offsite/copies.ts'
import { decodeAttachment } from '../../packages/server/src/recording/attachment.ts'
import { eraseOverHttp } from '../erasure/residue-story.ts'
import { refusalOf } from '../platform/object-store-contract.ts'
import { loan } from '../recording/open-tenant.ts'
import { noRadosgw, Radosgw } from '../servers/radosgw.ts'
import { serverSuite } from '../servers/server-suite.ts'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

interface Status {
  size: number
  offsite: {
    description: string
    isWorm: boolean
    size: number
    lagEntries: number
    locks: { compliance: number; governance: number; weak: number }
    trouble: unknown
  }
}

serverSuite('a copy in S3 under Object Lock', noRadosgw, () => {
  let s3: Radosgw
  let store: ObjectStore
  let address: string
  let place: Place
  let server: ServerProcess

  const start = (data = place.data): Promise<ServerProcess> =>
    ServerProcess.start({ ...place, data }, ['serve', '--offsite', address, '--offsite-lock-days', '1'])
  const status = (): Promise<Status> => server.get<Status>('/ledgers/default/status')
  const copied = (): Promise<void> =>
    until(async () => {
      const { offsite, size } = await status()
      return offsite.size === size
    })
  /** The sealed bytes of a decision as the log of the directory holds them. */
  const sealedInLog = async (name: string): Promise<Uint8Array> => {
    const { id } = await server.get<{ id: string }>(`/v1/decisions/${name}`)
    const { origin } = await server.get<{ origin: string }>('/ledgers/default/status')
    const { frames } = await scanWal(realDisk, join(place.data, 'ledgers/default/wal'), ledgerIdOf(origin))
    const contents = frames.flatMap(({ content: { attachments, entries } }) =>
      entries.map((entry, i) => ({ text: fromUtf8(entry), attachment: attachments[i]! })),
    )
    const found = contents.find(({ text }) => text.includes(`"id":"${id}"`))!
    return decodeAttachment(found.attachment).frame.slice(22)
  }
  const ofLedger = async (): Promise<StoredVersion[]> =>
    (await versionsIn(store)).filter(({ key }) => !shortOf(key).startsWith('vault/'))

  beforeAll(async () => {
    s3 = await Radosgw.start()
    Object.assign(process.env, s3.environment)
    const bucket = await s3.newBucket({ hasLocks: true })
    address = s3.address(bucket, 'audit')
    store = s3Store({ bucket, prefix: 'audit/', endpoint: s3.endpoint, region: s3.region })
    place = await newPlace()
    server = await start()
  })
  afterAll(async () => {
    await server?.stop()
    await store?.close()
    await s3?.stop()
  })

  test('says that it is WORM, and how many objects lie under which lock', async () => {
    const decisions = Array.from({ length: 300 }, (_, i) => loan(i))
    expect((await server.post('/v1/decisions', decisions)).status).toBe(201)
    await copied()
    const { offsite } = await status()
    expect(offsite).toMatchObject({
      description: 'S3 Object Lock',
      isWorm: true,
      lagEntries: 0,
      trouble: null,
    })
    expect(offsite.locks).toMatchObject({ compliance: expect.any(Number) as number, weak: 0 })
    const metrics = await (await server.fetch('/metrics')).text()
    expect(metrics).toMatch(/deponent_offsite_worm\{ledger="default"\} 1/)
    const doctor = await runCommand(['doctor', '--data', place.data])
    expect(doctor.stdout).toMatch(/offsite copy +ok/)
    expect(doctor.stdout).toMatch(/offsite locks +ok/)
  })

  test('lets nobody remove an object of the ledger, with every right there is', async () => {
    const versions = (await ofLedger()).filter(({ isRemoval }) => !isRemoval)
    expect(versions.length).toBeGreaterThan(6)
    for (const { key, version } of versions)
      expect([key, await refusalOf(store.remove(key, { version, bypassGovernance: true }))]).toEqual([
        key,
        'locked',
      ])
  })

  test('has nothing left of a person who was erased, in any version', async () => {
    const needle = await sealedInLog('loan-3')
    expect(await storeHolds(store, needle)).toBe(true)
    await eraseOverHttp(server, 'person-3')
    expect(await storeHolds(store, needle)).toBe(false)
    await copied()
    expect(await storeHolds(store, needle)).toBe(false)
  })

  test('brings the directory back when it is destroyed, though everything in the store was overwritten or hidden', async () => {
    const { size } = await status()
    await server.stop()
    const keyring = join(place.data, '../keyring')
    await cp(join(place.data, 'keyring'), keyring, { recursive: true })
    await rm(place.data, { recursive: true })
    for (const [i, key] of [...new Set((await versionsIn(store)).map((each) => each.key))].entries()) {
      if (i % 2 === 0) await store.put(key, new Uint8Array(100))
      if (i % 3 === 0) await store.remove(key)
    }
    const restored = await runCommand([
      'restore-offsite',
      address,
      place.data,
      '--keyring',
      keyring,
      '--json',
    ])
    expect(restored.stderr).toBe('')
    const { ledgers } = JSON.parse(restored.stdout) as { ledgers: { ledger: string; size: number }[] }
    expect(ledgers[0]?.size).toBeGreaterThanOrEqual(size)
    const verified = await runCommand(['verify', place.data, '--json'])
    expect(JSON.parse(verified.stdout)).toMatchObject({ verdict: 'valid' })
    server = await start()
    expect((await server.post('/v1/decisions', [loan(301)])).status).toBe(201)
    const again = await (await server.post('/v1/decisions', [loan(7)])).json()
    expect(again).toMatchObject({ recorded: 0, duplicates: 1 })
    await copied()
  })
})
