import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { checkBackup, pruneBackup } from '../../packages/server/src/backup/keep.ts'
import { refuseSamePlaces } from '../../packages/server/src/backup/places.ts'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { type ObjectStore, StoreFailure } from '../../packages/server/src/platform/object-store.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { filesBelow } from '../../packages/server/src/platform/scratch.ts'
import { DEFAULT_LEDGER } from '../../packages/server/src/hosting/ledger-name.ts'
import { rotateKey } from '../../packages/server/src/rotate-key.ts'
import { succeedLedger } from '../../packages/server/src/succeed-ledger.ts'
import type { Tenant } from '../../packages/server/src/tenant.ts'
import { writeRootKey } from '../../packages/server/src/vault/root-key.ts'
import { living } from '../keys/key-place.ts'
import { loan, openRecording, type Place, submission } from '../recording/open-tenant.ts'
import { type BackupPlace, backUp, newBackupPlace, opened, putBack, SMALL } from './backing-up.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

interface Running {
  tenant: Tenant
  close(): Promise<void>
}

async function open(place: Place, sizes = SMALL): Promise<Running> {
  const { tenant, close } = await openRecording(place, undefined, sizes)
  let isClosed = false
  const once = async (): Promise<void> => {
    if (!isClosed) await close()
    isClosed = true
  }
  closing.push(once)
  return { tenant, close: once }
}

async function record({ tenant }: Running, from: number, count: number): Promise<void> {
  for (let at = from; at < from + count; at += 50) {
    const batch = Array.from({ length: Math.min(50, from + count - at) }, (_, i) =>
      submission(loan(at + i), i),
    )
    const { errors } = await tenant.recorder.record(batch)
    expect(errors).toEqual([])
  }
  expect(await tenant.ledger.published(tenant.ledger.size, 10_000)).toBe(true)
}

async function recordsOf({ tenant }: Running): Promise<unknown[]> {
  const read = await tenant.reader.read(0, tenant.ledger.size)
  return read.map(({ record }) => record?.decisionId)
}

/** A closed directory of so many decisions. */
async function closedPlace(count: number): Promise<BackupPlace> {
  const place = await newBackupPlace()
  const running = await open(place)
  await record(running, 0, count)
  await running.close()
  return place
}

async function verdictOf(data: string): Promise<string> {
  return (await checkDirectory(realDisk, data)).verdict
}

describe('a backup', () => {
  test('of a running server comes back valid, with every record that was under a checkpoint', async () => {
    const place = await newBackupPlace()
    const running = await open(place)
    await record(running, 0, 95)
    const before = await recordsOf(running)
    const { ledgers } = await backUp(place)
    expect(ledgers).toMatchObject([{ name: DEFAULT_LEDGER, hasJournal: false }])
    const { size } = ledgers[0]!
    expect(size).toBeGreaterThanOrEqual(95)
    await running.close()
    const data = `${place.data}-back`
    const restored = await putBack(place, data)
    expect(restored.check.verdict).toBe('valid')
    expect(await verdictOf(data)).toBe('valid')
    const back = await recordsOf(await open({ ...place, data }))
    expect(back.slice(0, before.length)).toEqual(before.slice(0, size))
  })

  test('of a server that was stopped goes on where that ended', async () => {
    const place = await closedPlace(95)
    await backUp(place)
    await rm(place.data, { recursive: true })
    await putBack(place, place.data)
    const again = await open(place)
    expect(again.tenant.ledger.refusal).toBeUndefined()
    await record(again, 200, 5)
    await again.close()
    expect(await verdictOf(place.data)).toBe('valid')
  })

  test('made while records come in is of one moment', async () => {
    const place = await newBackupPlace()
    const running = await open(place, { log: 512 * 1_024, segment: { entriesMax: 200, bytesMax: 1_048_576 } })
    await record(running, 0, 20)
    const made: string[] = []
    const over = new AbortController()
    const recording = (async () => {
      for (let i = 100; !over.signal.aborted; i += 5)
        await running.tenant.recorder.record(
          Array.from({ length: 5 }, (_, at) => submission(loan(i + at), at)),
        )
    })()
    try {
      for (let i = 0; i < 3; i += 1) made.push((await backUp(place)).snapshot)
    } finally {
      over.abort()
      await recording
    }
    await running.close()
    for (const snapshot of made) {
      const data = `${place.data}-${snapshot}`
      await putBack(place, data, { snapshot })
      expect(await verdictOf(data)).toBe('valid')
    }
  })

  test('leaves out what no checkpoint covers, and says how much that is', async () => {
    const place = await closedPlace(30)
    const checkpoint = await readFile(`${place.data}/ledgers/default/checkpoint`)
    const running = await open(place)
    await record(running, 50, 7)
    await running.close()
    // As after a crash between the log and the checkpoint.
    await writeFile(`${place.data}/ledgers/default/checkpoint`, checkpoint)
    const { ledgers } = await backUp(place)
    expect(ledgers[0]!.leftOut).toBeGreaterThanOrEqual(7)
    await putBack(place, `${place.data}-back`)
    expect(await verdictOf(`${place.data}-back`)).toBe('valid')
  })

  test('puts again only what the one before does not have', async () => {
    const place = await closedPlace(95)
    const first = await backUp(place)
    const same = await backUp(place)
    expect(first.newObjects).toBe(first.files)
    expect(same).toMatchObject({ files: first.files, newObjects: 0, newBytes: 0 })
    const running = await open(place)
    await record(running, 200, 30)
    await running.close()
    const third = await backUp(place)
    expect(third.files).toBeGreaterThan(first.files)
    // The log and the checkpoint, and the segments that were filled.
    expect(third.newObjects).toBeLessThan(third.files)
    const segments = (await readdir(`${place.data}/vault/default`)).filter((name) => name.endsWith('.seg'))
    expect(third.newObjects).toBeLessThanOrEqual(segments.length)
  })

  test('of a directory whose ledger was succeeded tells the two apart that had one name', async () => {
    const place = await newBackupPlace()
    const running = await open(place)
    // Enough for tiles to leave the log.
    await record(running, 0, 600)
    await running.close()
    await backUp(place)
    await living(place, (change) => succeedLedger(change, 'migration'))
    const after = await open(place)
    await record(after, 1_000, 600)
    await after.close()
    const { ledgers } = await backUp(place)
    expect(ledgers.map(({ name }) => name).toSorted()).toEqual(['default', 'default.1'])
    await putBack(place, `${place.data}-back`)
    const tiles = (await filesBelow(`${place.data}-back/ledgers`)).filter((name) => name.includes('/tile/0/'))
    expect(tiles.some((name) => name.startsWith('default/'))).toBe(true)
    expect(tiles.some((name) => name.startsWith('default.1/'))).toBe(true)
    expect(await verdictOf(`${place.data}-back`)).toBe('valid')
  })

  test('shows neither names nor content of what is in it to whoever has no key', async () => {
    const place = await closedPlace(30)
    await backUp(place)
    const names = await filesBelow(place.toPath)
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) {
      expect(name).toMatch(/^(objects\/[0-9a-f]{2}\/[0-9a-f]{62}|snapshots\/[0-9TZ]+-[0-9a-f]{8})$/)
      const bytes = await readFile(`${place.toPath}/${name}`)
      for (const word of ['default', 'deponent.invalid', 'person-', 'DPNVSEG0', 'DPNFRAM0'])
        expect(bytes.includes(word)).toBe(false)
    }
    const keyring = await readFile(`${place.keyringPath}/keyring`)
    for (const word of ['checkpoint', 'admin-token', 'PRIVATE']) expect(keyring.includes(word)).toBe(false)
  })

  test('keeps one copy of the keyring only, in a store that keeps versions too', async () => {
    const place = await closedPlace(10)
    const { fileStore } = await import('../../packages/server/src/platform/file-store.ts')
    place.keyring = fileStore(place.keyringPath, { keepsVersions: true })
    await backUp(place)
    await backUp(place)
    expect(await place.keyring.versions('keyring')).toHaveLength(1)
    await putBack(place, `${place.data}-back`)
  })

  test('needs another place for the keyring', () => {
    const refused: [to: string, keyring: string][] = [
      ['/b', '/b'],
      ['/b', '/b/keyring'],
      ['/b/data', '/b'],
      ['/b', 'file:///b/'],
      ['s3://bucket/a', 's3://bucket/a/keys?region=x'],
      ['s3://bucket', 's3://bucket/keys'],
      ['/data/backup', '/elsewhere'],
      ['/elsewhere', '/data'],
    ]
    for (const [to, keyring] of refused)
      expect(() => refuseSamePlaces('/data', to, keyring)).toThrow(
        expect.objectContaining({ code: 'same_place' }),
      )
    for (const [to, keyring] of [
      ['/b', '/bk'],
      ['s3://bucket/a', 's3://bucket/ab'],
      ['s3://bucket/a', '/a'],
    ] as const)
      expect(() => refuseSamePlaces('/data', to, keyring)).not.toThrow()
  })

  test('is not made with a keyring that is older than the vault, nor in the place of a newer keyring', async () => {
    const place = await newBackupPlace()
    const running = await open(place)
    await record(running, 0, 3)
    await cp(`${place.data}/keyring`, `${place.data}-keyring`, { recursive: true })
    await record(running, 3, 20)
    await running.close()
    await cp(place.data, `${place.data}-new`, { recursive: true })
    await rm(`${place.data}/keyring`, { recursive: true })
    await cp(`${place.data}-keyring`, `${place.data}/keyring`, { recursive: true })
    await expect(backUp(place)).rejects.toMatchObject({ code: 'keyring_older' })
    expect(await place.keyring.get('keyring')).toBeUndefined()
    await backUp({ ...place, data: `${place.data}-new` })
    await expect(backUp({ ...place, to: (await newBackupPlace()).to })).rejects.toMatchObject({
      code: 'keyring_older',
    })
  })

  test('of an older copy of the directory does not become the newest', async () => {
    const place = await newBackupPlace()
    const running = await open(place)
    await record(running, 0, 10)
    await cp(place.data, `${place.data}-old`, { recursive: true })
    await record(running, 20, 10)
    await running.close()
    await backUp(place)
    await expect(backUp({ ...place, data: `${place.data}-old` })).rejects.toMatchObject({
      code: expect.stringMatching(/^(ledger_behind|keyring_older)$/),
    })
  })

  test('goes to no store that holds that of another directory', async () => {
    const [one, other] = [await closedPlace(5), await closedPlace(5)]
    await backUp(one)
    await expect(backUp({ ...other, to: one.to })).rejects.toMatchObject({ code: 'object_damaged' })
    await expect(backUp({ ...other, keyring: one.keyring })).rejects.toMatchObject({
      code: 'keyring_damaged',
    })
  })

  test('that is cut short leaves the snapshots from before whole', async () => {
    const place = await closedPlace(45)
    const { snapshot } = await backUp(place)
    const running = await open(place)
    await record(running, 100, 60)
    await running.close()
    const puts = await countPuts(place)
    for (let at = 0; at < puts; at += 1) {
      const cut = { ...place, to: failing(place.to, at), keyring: failing(place.keyring, at) }
      await backUp(cut).then(
        () => undefined,
        (error: unknown) => expect(error).toBeInstanceOf(StoreFailure),
      )
      expect((await (await opened(place)).snapshotIds())[0]).toBe(snapshot)
      expect((await checkBackup(await opened(place), { random: realRandom })).damage).toEqual([])
    }
    const data = `${place.data}-back`
    await putBack(place, data, { snapshot })
    expect(await verdictOf(data)).toBe('valid')
  })
})

/** How many objects the next backup puts. */
async function countPuts(place: BackupPlace): Promise<number> {
  const trial = await newBackupPlace()
  await cp(place.toPath, trial.toPath, { recursive: true })
  await cp(place.keyringPath, trial.keyringPath, { recursive: true })
  const { newObjects } = await backUp({ ...trial, data: place.data, signer: place.signer })
  return newObjects + 1
}

/** A store whose put number `at` fails. */
function failing(store: ObjectStore, at: number): ObjectStore {
  let count = -1
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      const method = value.bind(target) as (...args: unknown[]) => unknown
      if (name !== 'put') return method
      return (...args: unknown[]) => {
        count += 1
        return count === at ? Promise.reject(new StoreFailure('unreachable', 'cut')) : method(...args)
      }
    },
  })
}

describe('putting back', () => {
  test('with another root key is refused, and leaves nothing behind', async () => {
    const place = await closedPlace(10)
    const root = `${place.data}-root.key`
    await cp(`${place.data}/keyring/root.key`, root)
    await rm(`${place.data}/keyring/root.key`)
    const { hasRootKey } = await backUp(place, { root: { kind: 'file', path: root } })
    expect(hasRootKey).toBe(false)
    await expect(putBack(place, `${place.data}-back`)).rejects.toThrow(/root key is missing/)
    await writeRootKey(realDisk, `${root}.other`, realRandom.bytes(32))
    const other = { kind: 'file', path: `${root}.other` } as const
    await expect(putBack(place, `${place.data}-back`, { root: other })).rejects.toThrow(/root key is missing/)
    expect((await readdir(`${place.data}/..`)).filter((name) => name.includes('-back'))).toEqual([])
    await putBack(place, `${place.data}-back`, { root: { kind: 'file', path: root } })
  })

  test('does not happen where something is', async () => {
    const place = await closedPlace(5)
    await backUp(place)
    await expect(putBack(place, place.data)).rejects.toMatchObject({ code: 'not_empty' })
    await expect(putBack(place, `${place.data}/format.json`)).rejects.toMatchObject({ code: 'not_empty' })
  })

  test('behind a head that is known refuses to write, and says so before', async () => {
    const place = await newBackupPlace()
    const running = await open(place)
    await record(running, 0, 20)
    await backUp(place)
    await record(running, 100, 20)
    const { size } = running.tenant.ledger
    await running.close()
    const data = `${place.data}-back`
    const { ledgers } = await putBack(place, data)
    expect(ledgers[0]!.knownSize).toBeGreaterThanOrEqual(size)
    expect(ledgers[0]!.isBehind).toBe(true)
    expect(await verdictOf(data)).toBe('valid')
    const again = await open({ ...place, data })
    expect(again.tenant.ledger.refusal?.code).toBe('ledger_behind')
    await expect(again.tenant.recorder.record([submission(loan(900))])).rejects.toThrow()
  })

  test('from before a key that signs was changed can be checked, and signs nothing', async () => {
    const place = await closedPlace(15)
    const { snapshot } = await backUp(place)
    await living(place, (change) => rotateKey(change, 'promise'))
    await backUp(place)
    const data = `${place.data}-back`
    const { ledgers } = await putBack(place, data, { snapshot })
    expect(ledgers).toMatchObject([{ keysChanged: ['promise'] }])
    expect(await verdictOf(data)).toBe('valid')
    await expect(open({ ...place, data })).rejects.toThrow(/see deponent keys succeed/)
  })

  test('with a copy of the keyring that is older than the snapshot is refused', async () => {
    const place = await newBackupPlace()
    const running = await open(place)
    await record(running, 0, 3)
    await backUp(place)
    await cp(place.keyringPath, `${place.keyringPath}-old`, { recursive: true })
    await record(running, 3, 20)
    await running.close()
    await backUp(place)
    await rm(place.keyringPath, { recursive: true })
    await cp(`${place.keyringPath}-old`, place.keyringPath, { recursive: true })
    await expect(putBack(place, `${place.data}-back`)).rejects.toMatchObject({ code: 'keyring_older' })
  })
})

describe('what a backup keeps', () => {
  test('is checked object by object: whichever is changed, exchanged or missing is named', async () => {
    const place = await closedPlace(45)
    await backUp(place)
    const backup = await opened(place)
    const whole = await checkBackup(backup, { random: realRandom })
    expect(whole).toMatchObject({ snapshots: 1, damage: [], read: whole.objects })
    expect(await checkBackup(backup, { random: realRandom, sample: 2 })).toMatchObject({
      read: 2,
      damage: [],
    })
    const names = await filesBelow(place.toPath)
    const exchanged = await readFile(`${place.toPath}/${names[0]}`)
    for (const [i, name] of names.entries()) {
      const path = `${place.toPath}/${name}`
      const bytes = await readFile(path)
      const flipped = Uint8Array.from(bytes)
      flipped[(i * 31) % bytes.length]! ^= 1
      for (const damaged of [flipped, bytes.subarray(0, -1), ...(i > 0 ? [exchanged] : [])]) {
        await writeFile(path, damaged)
        const { damage } = await checkBackup(backup, { random: realRandom })
        expect(damage.map(({ object }) => object)).toEqual([name])
        await expect(putBack(place, `${place.data}-back`)).rejects.toMatchObject({ code: 'object_damaged' })
      }
      await rm(path)
      const { damage } = await checkBackup(backup, { random: realRandom })
      if (name.startsWith('objects/')) expect(damage.map(({ object }) => object)).toEqual([name])
      await writeFile(path, bytes)
    }
  })

  test('goes by number and age, and takes along only what nobody refers to any more', async () => {
    const place = await newBackupPlace()
    const running = await open(place)
    const made = []
    for (let i = 0; i < 4; i += 1) {
      await record(running, i * 100, 25)
      made.push(await backUp(place))
    }
    await running.close()
    const backup = await opened(place)
    const now = Date.now()
    expect(await pruneBackup(backup, { now, erasedDays: 30 })).toMatchObject({ snapshots: [], objects: 0 })
    expect(await pruneBackup(backup, { now, erasedDays: 30, days: 1 })).toMatchObject({ snapshots: [] })
    const pruned = await pruneBackup(backup, { now, erasedDays: 30, last: 2 })
    expect(pruned.snapshots).toEqual(made.slice(0, 2).map(({ snapshot }) => snapshot))
    expect(pruned.objects).toBeGreaterThan(0)
    expect((await checkBackup(backup, { random: realRandom })).damage).toEqual([])
    for (const { snapshot } of made.slice(2)) await putBack(place, `${place.data}-${snapshot}`, { snapshot })
    const all = await pruneBackup(backup, { now: now + 100 * 86_400_000, erasedDays: 30, last: 0, days: 0 })
    expect(all.snapshots).toHaveLength(1)
    expect(await backup.snapshotIds()).toEqual([made[3]!.snapshot])
  })
})
