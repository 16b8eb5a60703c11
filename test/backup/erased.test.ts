import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { goingBy, pruneBackup } from '../../packages/server/src/backup/keep.ts'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { openDirectory } from '../../packages/server/src/directory.ts'
import type { Erasures } from '../../packages/server/src/erasure/erasures.ts'
import { expiredSet } from '../../packages/server/src/erasure/expired-set.ts'
import { gatherEach } from '../../packages/server/src/erasure/gather.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { filesBelow } from '../../packages/server/src/platform/scratch.ts'
import { LocalIntake } from '../../packages/server/src/recording/intake.ts'
import { entryIdOf } from '../../packages/server/src/recording/entry-id.ts'
import { openTenant, type Tenant } from '../../packages/server/src/tenant.ts'
import { erasuresOver, requestAbout } from '../erasure/erasing.ts'
import { loan, submission } from '../recording/open-tenant.ts'
import { type BackupPlace, backUp, newBackupPlace, opened, putBack, SMALL } from './backing-up.ts'

const DAY_MS = 86_400_000
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

interface Life {
  tenant: Tenant
  erasures: Erasures
  close(): Promise<void>
}

/** One life of a ledger and of its erasures, as a server lets them begin. */
async function live(place: Pick<BackupPlace, 'data' | 'signer'>, acceptHead = false): Promise<Life> {
  const directory = await openDirectory(realDisk, realRandom, place.data)
  const tenant = await openTenant({
    disk: realDisk,
    clock: realClock,
    random: realRandom,
    directory,
    ledgerName: 'default',
    signerDirectory: place.signer,
    acceptHead,
    intake: (start) => new LocalIntake(start, realRandom),
    onStop: () => undefined,
    fileSizes: SMALL,
  })
  const erasures = erasuresOver(tenant, realClock, realRandom)
  await erasures.begin()
  let isClosed = false
  const close = async (): Promise<void> => {
    if (isClosed) return
    isClosed = true
    await erasures.close()
    await tenant.close()
    await directory.release()
  }
  closing.push(close)
  return { tenant, erasures, close }
}

/** Records so many decisions of eleven people and gives the indices of those of `person-1`. */
async function record({ tenant }: Life, from: number, count: number): Promise<number[]> {
  const loans = Array.from({ length: count }, (_, i) => submission(loan(from + i), i))
  const { errors, receipts } = await tenant.recorder.record(loans)
  expect(errors).toEqual([])
  await published({ tenant })
  return receipts.filter(({ position }) => (from + position) % 11 === 1).map(({ index }) => index)
}

async function published({ tenant }: Pick<Life, 'tenant'>): Promise<void> {
  expect(await tenant.ledger.published(tenant.ledger.size, 30_000)).toBe(true)
}

async function erase(life: Life, person: string): Promise<void> {
  const { erasure } = await life.erasures.request(requestAbout(life.tenant, person))
  await life.erasures.settled()
  expect(life.erasures.status(erasure.id)?.erasure.outcome).toBeDefined()
  await published(life)
}

/** The files of a directory in which any of these bytes lies. */
async function holding(data: string, frames: readonly Uint8Array[]): Promise<string[]> {
  const found: string[] = []
  for (const path of await filesBelow(data)) {
    const bytes = await readFile(`${data}/${path}`)
    if (frames.some((frame) => bytes.includes(Buffer.from(frame)))) found.push(path)
  }
  return found
}

const framesOf = ({ tenant }: Life, indices: readonly number[]): Promise<Uint8Array[]> =>
  Promise.all(indices.map(async (index) => (await tenant.vault.segments.frame(index))!.slice()))

async function verdictOf(data: string): Promise<string> {
  return (await checkDirectory(realDisk, data)).verdict
}

describe('who was erased after a snapshot was made', () => {
  test('stays erased when it is put back: no key, and after the next start no byte', async () => {
    const place = await newBackupPlace()
    const life = await live(place)
    const theirs = await record(life, 0, 55)
    const frames = await framesOf(life, theirs)
    const { snapshot } = await backUp(place)
    await erase(life, 'person-1')
    await backUp(place)
    await life.close()
    // Another machine: only the backup and the copy of the keyring are there.
    const other = { data: `${place.data}-back`, signer: `${place.signer}-other` }
    await putBack(place, other.data, { snapshot, signerDirectory: other.signer })
    expect(await holding(other.data, frames)).not.toEqual([])
    const again = await live(other, true)
    for (const index of theirs) expect((await again.tenant.reader.one(index)).record).toBeUndefined()
    expect((await again.tenant.reader.one(theirs[0]! + 1)).record).toBeDefined()
    await published(again)
    await again.close()
    expect(await holding(other.data, frames)).toEqual([])
    expect(await verdictOf(other.data)).toBe('valid')
  })

  test('and after the last backup too, has no key in the directory that is put back beside the journal', async () => {
    const place = await newBackupPlace()
    const life = await live(place)
    const theirs = await record(life, 0, 33)
    await backUp(place)
    await erase(life, 'person-1')
    await life.close()
    const data = `${place.data}-back`
    const { ledgers } = await putBack(place, data)
    expect(ledgers).toMatchObject([{ keysDestroyed: 1, isErasureUnknown: false }])
    expect(ledgers[0]!.knownSize).toBeGreaterThan(ledgers[0]!.size)
    const { findings, verdict } = await checkDirectory(realDisk, data)
    expect(verdict).toBe('incomplete')
    expect(new Set(findings.flatMap(({ severity, code }) => (severity === 'info' ? [] : [code])))).toEqual(
      new Set(['erasure_pending']),
    )
    const again = await live({ ...place, data })
    expect(again.tenant.ledger.refusal?.code).toBe('ledger_behind')
    for (const index of theirs) expect((await again.tenant.reader.one(index)).record).toBeUndefined()
  })

  test('is told of by the copy of the keyring for good, also when the journal was begun anew since', async () => {
    const place = await newBackupPlace()
    const life = await live(place)
    const theirs = await record(life, 0, 33)
    const frames = await framesOf(life, theirs)
    const { snapshot } = await backUp(place)
    await erase(life, 'person-1')
    await backUp(place)
    await life.close()
    await writeFile(`${place.signer}/${await journalIn(place.signer)}`, '')
    const accepted = await live(place, true)
    await erase(accepted, 'person-2')
    await backUp(place)
    await accepted.close()
    const other = { data: `${place.data}-back`, signer: `${place.signer}-other` }
    const { ledgers } = await putBack(place, other.data, { snapshot, signerDirectory: other.signer })
    expect(ledgers).toMatchObject([{ isErasureUnknown: false }])
    const again = await live(other, true)
    for (const index of [theirs[0]!, theirs[0]! + 1])
      expect((await again.tenant.reader.one(index)).record).toBeUndefined()
    expect((await again.tenant.reader.one(theirs[0]! + 2)).record).toBeDefined()
    await published(again)
    await again.close()
    expect(await holding(other.data, frames)).toEqual([])
    expect(await verdictOf(other.data)).toBe('valid')
  })

  test('takes the snapshots from before along, some days later', async () => {
    const place = await newBackupPlace()
    const life = await live(place)
    await record(life, 0, 33)
    const before = await backUp(place)
    const same = await backUp(place)
    await erase(life, 'person-1')
    const after = await backUp(place)
    await life.close()
    const backup = await opened(place)
    const now = realClock.now()
    expect((await pruneBackup(backup, { now, erasedDays: 30 })).snapshots).toEqual([])
    const all = await Promise.all((await backup.snapshotIds()).map((id) => backup.snapshot(id)))
    expect(goingBy(all, { now: now + 29 * DAY_MS, erasedDays: 30 })).toEqual([])
    const going = [before.snapshot, same.snapshot]
    expect(goingBy(all, { now: now + 31 * DAY_MS, erasedDays: 30 })).toEqual(going)
    expect((await pruneBackup(backup, { now, erasedDays: 0 })).snapshots).toEqual(going)
    expect(await backup.snapshotIds()).toEqual([after.snapshot])
  })
})

describe('what expired after a snapshot was made', () => {
  test('goes again before anybody is served, on another machine as on an old copy put back by hand', async () => {
    const place = await newBackupPlace()
    const life = await live(place)
    const due = (await record(life, 0, 44)).slice(0, 2)
    const { snapshot } = await backUp(place)
    await cp(place.data, `${place.data}-old`, { recursive: true })
    const frames = await framesOf(life, due)
    await expire(life, due)
    await backUp(place)
    await life.close()
    const other = { data: `${place.data}-back`, signer: `${place.signer}-other` }
    await putBack(place, other.data, { snapshot, signerDirectory: other.signer })
    // By hand, and the signer was put back with it: nothing but the journal knows.
    const byHand = { data: `${place.data}-old`, signer: `${place.signer}-old` }
    await cp(place.signer, byHand.signer, {
      recursive: true,
      filter: (path) => !/\/[0-9a-f]{64}$/.test(path),
    })
    for (const copy of [other, byHand]) {
      const again = await live(copy, true)
      for (const index of due) expect((await again.tenant.reader.one(index)).record).toBeUndefined()
      expect((await again.tenant.reader.one(due[0]! + 1)).record).toBeDefined()
      const { size } = again.tenant.ledger
      await published(again)
      await again.close()
      expect(await holding(copy.data, frames)).toEqual([])
      expect(await verdictOf(copy.data)).toBe('valid')
      // Once: the entry that says so is there now.
      const third = await live(copy)
      expect(third.tenant.ledger.size).toBeLessThanOrEqual(size + 5)
      expect(third.tenant.register.forgotten((root) => third.tenant.erasureEntries.entryOf(root))).toEqual([])
      await third.close()
    }
  })
})

describe('what expired in entries that did not come back', () => {
  test('is forgotten with them: whatever takes their places stays, at the first start as at later ones', async () => {
    const place = await newBackupPlace()
    const life = await live(place)
    const theirs = await record(life, 0, 22)
    const { snapshot } = await backUp(place)
    const { size } = life.tenant.ledger
    await record(life, 100, 22)
    const lost = Array.from({ length: 22 }, (_, i) => size + i)
    await expire(life, [theirs[0]!, ...lost])
    await backUp(place)
    await life.close()
    const other = { data: `${place.data}-back`, signer: `${place.signer}-other` }
    await putBack(place, other.data, { snapshot, signerDirectory: other.signer })
    const first = await live(other, true)
    await record(first, 200, 22)
    await first.close()
    const again = await live(other)
    const read = await again.tenant.reader.read(0, again.tenant.ledger.size)
    expect(read.flatMap(({ index, record: found }) => (found ? [] : [index]))).toEqual([theirs[0]])
    await again.close()
    expect(await verdictOf(other.data)).toBe('valid')
  })
})

async function expire(life: Life, indices: readonly number[]): Promise<void> {
  const { ledger, marker, systems, vault } = life.tenant
  const entries = await gatherEach({ clock: realClock, ledger, marker, systems, vault }, indices)
  const terms = { policy: 'p', policyVersion: 1, planDigest: '0'.repeat(64) }
  const [now, seed] = [realClock.now(), Buffer.from(realRandom.bytes(32)).toString('hex')]
  const set = expiredSet(entries, terms, { id: entryIdOf(now, realRandom.bytes(10)), now, seed })
  expect(await life.erasures.expire([set])).toEqual([])
  await published(life)
}

describe('a journal of erasures that does not reach', () => {
  test('as far as a checkpoint that is known keeps all content from being shown, until that is accepted on record', async () => {
    const place = await newBackupPlace()
    const life = await live(place)
    await record(life, 0, 22)
    await backUp(place)
    await cp(place.keyringPath, `${place.keyringPath}-old`, { recursive: true })
    await record(life, 22, 11)
    await backUp(place)
    await life.close()
    // The signer's state is of today; the journal was lost, and the keyring is of before.
    await rm(place.keyringPath, { recursive: true })
    await cp(`${place.keyringPath}-old`, place.keyringPath, { recursive: true })
    await rm(`${place.signer}/${await journalIn(place.signer)}`)
    await rm(place.data, { recursive: true })
    const { ledgers } = await putBack(place, place.data)
    expect(ledgers).toMatchObject([{ isErasureUnknown: true }])
    // Doing it again does not make it better.
    const twice = await putBack(place, `${place.data}-twice`)
    expect(twice.ledgers).toMatchObject([{ isErasureUnknown: true }])
    const closed = await live(place)
    expect(closed.tenant.ledger.refusal?.code).toBe('erasures_unknown')
    await closed.close()
    await acceptedOnce(place)
  })

  test('is missed when a directory knows of erasures that it does not tell of', async () => {
    const place = await newBackupPlace()
    const life = await live(place)
    await record(life, 0, 22)
    await erase(life, 'person-1')
    await life.close()
    await rm(`${place.signer}/${await journalIn(place.signer)}`)
    const closed = await live(place)
    expect(closed.tenant.ledger.refusal?.code).toBe('erasures_unknown')
    await closed.close()
    await acceptedOnce(place)
  })
})

async function journalIn(signer: string): Promise<string> {
  return (await filesBelow(signer)).find((name) => name.endsWith('.erasures'))!
}

/** Accepts, and sees that it is on record and need not be done again. */
async function acceptedOnce(place: BackupPlace): Promise<void> {
  const accepted = await live(place, true)
  expect(accepted.tenant.ledger.refusal).toBeUndefined()
  await published(accepted)
  await accepted.close()
  const after = await live(place)
  expect(after.tenant.ledger.refusal).toBeUndefined()
  const read = await after.tenant.reader.read(0, after.tenant.ledger.size)
  const changes = read.filter(({ record: found }) => found?.object === 'erasures')
  expect(changes).toHaveLength(1)
  await after.close()
  await backUp(place)
  const { ledgers } = await putBack(place, `${place.data}-later`)
  expect(ledgers).toMatchObject([{ isErasureUnknown: false }])
}
