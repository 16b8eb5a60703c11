import { cp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Erasures } from '../../packages/server/src/erasure/erasures.ts'
import { ApprovalRefused } from '../../packages/server/src/erasure/erasures.ts'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import type { Tenant } from '../../packages/server/src/tenant.ts'
import { frameHead, open as openFrame } from '../../packages/server/src/vault/seal.ts'
import { readMasterKey } from '../../packages/server/src/vault/master-key.ts'
import { rootBeside } from '../../packages/server/src/vault/root-source.ts'
import { readKeys } from '../../packages/server/src/vault/stored-keyring.ts'
import { ledgerIdOf } from '../../packages/server/src/ledger/wal-frame.ts'
import { FormatError } from '@deponent/format'
import { loan, newPlace, openRecording, type Place, submission } from '../recording/open-tenant.ts'
import { erasuresOver, requestAbout } from './erasing.ts'

const SMALL = { log: 64 * 1_024, segment: { entriesMax: 20, bytesMax: 1_048_576 } }
const DAY_MS = 86_400_000

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

interface Opened {
  tenant: Tenant
  erasures: Erasures
  clock: TestClock
  close(): Promise<void>
}

/** A clock whose `sleep` does not wait for anybody to move it. */
class WakefulClock extends TestClock {
  override sleep(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }
}

async function open(
  place: Place,
  more: Parameters<typeof erasuresOver>[3] = {},
  clock: TestClock = new WakefulClock(),
  sizes: { fileSizes?: typeof SMALL } = { fileSizes: SMALL },
): Promise<Opened> {
  const { tenant, close } = await openRecording(place, clock, sizes.fileSizes)
  const erasures = erasuresOver(tenant, clock, realRandom, more)
  await erasures.begin()
  const end = async (): Promise<void> => {
    await erasures.close()
    await close()
  }
  let isClosed = false
  const once = async (): Promise<void> => {
    if (!isClosed) await end()
    isClosed = true
  }
  closing.push(once)
  return { tenant, erasures, clock, close: once }
}

const loans = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => submission(loan(from + i), i))

/** Every file below a directory, as one text of bytes. */
async function bytesBelow(directory: string): Promise<Buffer> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = names.filter((name) => name.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  return Buffer.concat(await Promise.all(files.map((file) => readFile(file))))
}

describe('an erasure', () => {
  test('leaves tombstones where payloads of the person were, in segments and log, and everything else as it was', async () => {
    const place = await newPlace()
    const { tenant, erasures } = await open(place)
    await tenant.recorder.record(loans(0, 75))
    await tenant.vault.flush()
    const about = [...Array(75).keys()].filter((i) => i % 11 === 4).map((i) => i + 1)
    const { erasure } = await erasures.request(requestAbout(tenant, 'person-4'))
    await erasures.settled()
    const { outcome } = erasures.status(erasure.id)!.erasure
    expect(outcome).toMatchObject({ records: about.length, keysDestroyed: 1 })
    for (let index = 1; index <= 75; index += 1) {
      const frame = (await tenant.vault.segments.frame(index))!
      expect(frameHead(frame).isErased).toBe(about.includes(index))
      const { record } = await tenant.reader.one(index)
      expect(record !== undefined).toBe(!about.includes(index))
    }
    const entry = await tenant.reader.one(outcome!.entry.index)
    expect(entry.entry.kind).toBe('erasure')
    expect(entry.record).toMatchObject({
      setRoot: outcome!.setRoot,
      ground: 'gdpr_17_1_a',
      requestRef: 'r-1',
    })
    // A reason in words may name the person, and the record outlives them.
    expect(entry.record).not.toHaveProperty('reason')
    expect(tenant.erasureEntries.entryOf(outcome!.setRoot)).toBe(outcome!.entry.index)
  })

  test('is kept by the next life, and by one that has lost its derived state', async () => {
    const place = await newPlace()
    const first = await open(place)
    await first.tenant.recorder.record(loans(0, 50))
    const { erasure } = await first.erasures.request(requestAbout(first.tenant, 'person-1'))
    await first.erasures.settled()
    const { outcome } = first.erasures.status(erasure.id)!.erasure
    await first.close()
    const second = await open(place)
    expect(second.erasures.status(erasure.id)!.erasure.outcome).toEqual(outcome)
    expect(second.tenant.erasureEntries.entryOf(outcome!.setRoot)).toBe(outcome!.entry.index)
    expect((await second.tenant.reader.one(2)).record).toBeUndefined()
    const { errors, receipts } = await second.tenant.recorder.record(loans(0, 50))
    expect(errors.map(({ code }) => code)).toEqual(Array.from({ length: 5 }, () => 'erased'))
    expect(receipts.every(({ status }) => status === 'duplicate')).toBe(true)
  })

  test('refuses resends of what it erased for thirty days, and takes them as new after that', async () => {
    const place = await newPlace()
    const clock = new WakefulClock()
    const { tenant, erasures } = await open(place, {}, clock)
    await tenant.recorder.record(loans(0, 5))
    await erasures.request(requestAbout(tenant, 'person-2'))
    await erasures.settled()
    const resent = () => tenant.recorder.record([submission(loan(2))])
    expect((await resent()).errors).toMatchObject([{ code: 'erased', decisionId: 'loan-2' }])
    expect(await tenant.recorder.findDecisions('loan-2')).toEqual([3])
    clock.advance(30 * DAY_MS + 3_600_000)
    expect((await resent()).recorded).toBe(1)
  })

  test('gives the person a fresh key for what comes later, which it does not touch', async () => {
    const place = await newPlace()
    const { tenant, erasures } = await open(place)
    await tenant.recorder.record(loans(0, 12))
    const [before] = (await tenant.vault.keyNumbersOf(1))!
    await erasures.request(requestAbout(tenant, 'person-0'))
    await erasures.settled()
    const { receipts } = await tenant.recorder.record([submission(loan(100, { affectedUserId: 'person-0' }))])
    const [after] = (await tenant.vault.keyNumbersOf(receipts[0]!.index))!
    expect(after).not.toBe(before)
    expect((await tenant.reader.one(receipts[0]!.index)).record).toBeDefined()
  })

  test('takes along what was being recorded when it was asked for', async () => {
    const place = await newPlace()
    const { tenant, erasures } = await open(place)
    await tenant.recorder.record(loans(0, 3))
    const racing = Array.from({ length: 10 }, (_, i) =>
      tenant.recorder.record([submission(loan(200 + i, { affectedUserId: 'person-1' }))]),
    )
    const { erasure } = await erasures.request(requestAbout(tenant, 'person-1'))
    await erasures.settled()
    const answered = await Promise.all(racing)
    expect(answered.every(({ recorded }) => recorded === 1)).toBe(true)
    const { outcome } = erasures.status(erasure.id)!.erasure
    for (const { receipts } of answered) {
      const { record } = await tenant.reader.one(receipts[0]!.index)
      // Either it was erased with the rest, or it came after and is readable: nothing in between.
      if (receipts[0]!.index < outcome!.entry.index && record === undefined) continue
      expect(record).toBeDefined()
    }
  })

  test('erases what others recorded about a decision with it, and refuses more of that', async () => {
    const place = await newPlace()
    const { tenant, erasures } = await open(place)
    await tenant.recorder.record(loans(0, 3))
    const review = (decisionId: string) =>
      submission({ decisionId, verdict: 'agree', reviewerId: 'r-1', humanDecision: 'x' }, 0, 'review')
    const { receipts } = await tenant.recorder.record([review('loan-1')])
    await erasures.request(requestAbout(tenant, 'person-1'))
    await erasures.settled()
    expect((await tenant.reader.one(receipts[0]!.index)).record).toBeUndefined()
    expect((await tenant.recorder.record([review('loan-1')])).errors).toMatchObject([{ code: 'erased' }])
  })

  test('of a member of staff takes their name out of what they reviewed, and leaves the review', async () => {
    const { tenant, erasures } = await open(await newPlace())
    await tenant.recorder.record(loans(0, 3))
    const review = { decisionId: 'loan-1', verdict: 'agree', reviewerId: 'reviewer-9', humanDecision: 'x' }
    const { receipts } = await tenant.recorder.record([submission(review, 0, 'review')])
    const scope = Buffer.from(tenant.vault.staffScope('reviewer-9').subarray(0, 16)).toString('hex')
    await erasures.request({ ...requestAbout(tenant, 'nobody'), scopes: [scope] })
    await erasures.settled()
    const { record } = await tenant.reader.one(receipts[0]!.index)
    expect(record).toMatchObject({ verdict: 'agree', humanDecision: 'x' })
    expect(record).not.toHaveProperty('reviewerId')
    expect((await tenant.reader.one(2)).record).toBeDefined()
  })

  test('of somebody nothing is known of completes, and says that it concerned no record', async () => {
    const { tenant, erasures } = await open(await newPlace())
    const { erasure } = await erasures.request(requestAbout(tenant, 'nobody'))
    await erasures.settled()
    expect(erasures.status(erasure.id)!.erasure.outcome).toMatchObject({ records: 0, keysDestroyed: 0 })
  })

  test('waits for a second person where two must agree, and not for the one who asked', async () => {
    const { tenant, erasures } = await open(await newPlace(), { needsTwoPersons: () => true })
    await tenant.recorder.record(loans(0, 3))
    const { erasure } = await erasures.request(requestAbout(tenant, 'person-1', 'officer-1'))
    await erasures.settled()
    expect(erasures.status(erasure.id)).toMatchObject({ waitingFor: 'approval' })
    await expect(erasures.approve(erasure.id, { id: 'officer-1' })).rejects.toThrow(ApprovalRefused)
    await erasures.approve(erasure.id, { id: 'officer-2' })
    await erasures.settled()
    expect(erasures.status(erasure.id)!.erasure.outcome).toBeDefined()
    await expect(erasures.approve(erasure.id, { id: 'officer-2' })).rejects.toThrow(ApprovalRefused)
  })

  test('waits while a hold lies on an entry of it, and is done when that is released', async () => {
    const held: string[][] = []
    let isHeld = true
    const holds = {
      any: () => isHeld,
      over: (_scopes: readonly string[], entries: readonly { index: number }[]) => {
        held.push(entries.map(({ index }) => `${index}`))
        return isHeld ? ['hold-1'] : []
      },
    }
    const { tenant, erasures } = await open(await newPlace(), { holds })
    await tenant.recorder.record(loans(0, 25))
    const { erasure } = await erasures.request(requestAbout(tenant, 'person-3'))
    await erasures.settled()
    expect(erasures.status(erasure.id)).toMatchObject({ waitingFor: 'hold', holds: ['hold-1'] })
    expect(held).toEqual([['4', '15']])
    expect((await tenant.reader.one(4)).record).toBeDefined()
    isHeld = false
    erasures.resume()
    await erasures.settled()
    expect(erasures.status(erasure.id)!.erasure.outcome).toMatchObject({ records: 2 })
  })

  test('is tried again when the index cannot be cleared, and completes without a second entry', async () => {
    let failures = 2
    const eraseFromIndex = (): Promise<void> =>
      failures-- > 0 ? Promise.reject(new Error('the index is away')) : Promise.resolve()
    const clock = new WakefulClock()
    const { tenant, erasures } = await open(await newPlace(), { eraseFromIndex }, clock)
    await tenant.recorder.record(loans(0, 5))
    const { erasure } = await erasures.request(requestAbout(tenant, 'person-1'))
    await erasures.settled()
    expect(erasures.status(erasure.id)!.erasure.outcome).toBeUndefined()
    clock.advance(1_000)
    await erasures.settled()
    clock.advance(2_000)
    await erasures.settled()
    expect(erasures.status(erasure.id)!.erasure.outcome).toMatchObject({ records: 1 })
    const kinds = await Promise.all(
      Array.from({ length: tenant.ledger.size }, async (_, i) => (await tenant.ledger.entry(i)).kind),
    )
    expect(kinds.filter((kind) => kind === 'erasure')).toHaveLength(1)
  })

  test('that cannot be done says why, and keeps none of those asked for with it waiting', async () => {
    let isBroken = true
    const eraseFromIndex = (indices: readonly number[]): Promise<void> =>
      isBroken && indices.includes(3)
        ? Promise.reject(new Error('the index cannot read a part'))
        : Promise.resolve()
    const clock = new WakefulClock()
    const { tenant, erasures } = await open(await newPlace(), { eraseFromIndex }, clock)
    await tenant.recorder.record(loans(0, 9))
    const asked = await Promise.all(
      Array.from({ length: 9 }, (_, i) => erasures.request(requestAbout(tenant, `person-${i}`))),
    )
    for (let second = 0; second < 20; second += 1) {
      await erasures.settled()
      clock.advance(1_000)
    }
    await erasures.settled()
    const statuses = asked.map(({ erasure }) => erasures.status(erasure.id)!)
    expect(statuses.map(({ erasure }) => erasure.outcome !== undefined)).toEqual(
      statuses.map((_, i) => i !== 2),
    )
    expect(statuses[2]!.failure).toBe('the index cannot read a part')
    isBroken = false
    clock.advance(60_000)
    await erasures.settled()
    const mended = erasures.status(asked[2]!.erasure.id)!
    expect(mended.erasure.outcome).toMatchObject({ records: 1 })
    expect(mended.failure).toBeUndefined()
  })

  test('that is asked for while another is found to be held is done without waiting for anything', async () => {
    const holds = {
      any: () => true,
      over: (_: readonly string[], entries: readonly { index: number }[]) =>
        entries.some(({ index }) => index === 1) ? ['hold-1'] : [],
    }
    let second: Promise<unknown> | undefined
    const delayed = async (): Promise<void> => {
      second ??= opened.erasures.request(requestAbout(opened.tenant, 'person-1'))
      await second
    }
    const opened = await open(await newPlace(), { holds, delayed })
    const { tenant, erasures } = opened
    await tenant.recorder.record(loans(0, 3))
    await erasures.request(requestAbout(tenant, 'person-0'))
    await erasures.settled()
    expect(erasures.all().filter(({ erasure }) => erasure.outcome)).toHaveLength(1)
    expect(erasures.all().filter(({ waitingFor }) => waitingFor === 'hold')).toHaveLength(1)
    expect((await tenant.reader.one(2)).record).toBeUndefined()
  })

  test('is complete when it says so, also when an earlier one about the person still waits', async () => {
    let needsTwo = true
    const { tenant, erasures } = await open(await newPlace(), { needsTwoPersons: () => needsTwo })
    await tenant.recorder.record(loans(0, 25))
    const first = await erasures.request(requestAbout(tenant, 'person-3'))
    needsTwo = false
    const second = await erasures.request(requestAbout(tenant, 'person-3'))
    await erasures.settled()
    expect(erasures.status(first.erasure.id)).toMatchObject({ waitingFor: 'approval' })
    expect(erasures.status(second.erasure.id)!.erasure.outcome).toMatchObject({ records: 2 })
    await erasures.approve(first.erasure.id, { id: 'officer-2' })
    await erasures.settled()
    expect(erasures.status(first.erasure.id)!.erasure.outcome).toMatchObject({ records: 0 })
  })

  test('leaves whoever was found to be somebody else before it is done', async () => {
    const group: string[] = []
    const people = { sameAs: (scope: string) => (group.includes(scope) ? group : [scope]) }
    const { tenant, erasures } = await open(await newPlace(), { needsTwoPersons: () => true, people })
    await tenant.recorder.record(loans(0, 25))
    const [three, four] = ['person-3', 'person-4'].map((name) => tenant.reader.subjectHandle(name)) as [
      string,
      string,
    ]
    group.push(three, four)
    const { erasure } = await erasures.request({
      ...requestAbout(tenant, 'person-3'),
      scopes: [three, four],
      named: [three],
    })
    expect(erasures.pendingFor([four])).toHaveLength(1)
    group.length = 0
    expect(erasures.pendingFor([four])).toEqual([])
    await erasures.approve(erasure.id, { id: 'officer-2' })
    await erasures.settled()
    expect(erasures.status(erasure.id)!.erasure.outcome).toMatchObject({ records: 2, keysDestroyed: 1 })
    expect((await tenant.reader.one(4)).record).toBeUndefined()
    expect((await tenant.reader.one(5)).record).toBeDefined()
    // Theirs goes on as before: what is about their decision is taken and sealed with it.
    const comment = { decisionId: 'loan-4', comment: 'seen again' }
    const { errors, recorded } = await tenant.recorder.record([submission(comment, 0, 'comment')])
    expect([errors, recorded]).toEqual([[], 1])
  })

  test('leaves nothing in the directory by which the person could be found, and nothing of what they said', async () => {
    const place = await newPlace()
    const { tenant, erasures, close } = await open(place)
    const marker = 'zanzibar-7F3A'
    const theirs = submission(
      loan(500, { affectedUserId: marker, messages: [{ role: 'user', content: `I am ${marker}` }] }),
    )
    await tenant.recorder.record([theirs])
    await tenant.recorder.record(loans(0, 40))
    const scope = Buffer.from(tenant.reader.subjectHandle(marker), 'hex')
    await erasures.request({ ...requestAbout(tenant, marker), reason: `${marker} wrote` })
    await erasures.settled()
    await close()
    const bytes = await bytesBelow(join(place.data, '..'))
    expect(bytes.includes(marker)).toBe(false)
    expect(bytes.includes(scope)).toBe(false)
    expect(bytes.includes(scope.toString('hex'))).toBe(false)
  })

  test('leaves content that nobody can open, not even with a copy of it and every key there is', async () => {
    const place = await newPlace()
    const { tenant, erasures } = await open(place)
    await tenant.recorder.record(loans(0, 25))
    await tenant.vault.flush()
    const copied = (await tenant.vault.segments.frame(4))!.slice()
    const entry = await tenant.ledger.entry(4)
    expect(tenant.vault.open(entry, copied)).toBeDefined()
    await erasures.request(requestAbout(tenant, 'person-3'))
    await erasures.settled()
    expect(tenant.vault.open(entry, copied)).toBeUndefined()
    const keyring = join(place.data, 'keyring')
    const master = (await readMasterKey(realDisk, keyring, rootBeside(keyring)))!.key
    const ledgerId = ledgerIdOf(tenant.ledger.origin)
    const keys = await readKeys({ disk: realDisk, directory: keyring, ledger: 'default', ledgerId }, master)
    const others = keys.filter((key) => key !== undefined)
    expect(others.length).toBe(keys.length - 1)
    for (const key of others)
      expect(() =>
        openFrame(
          entry,
          copied,
          () => key,
          () => undefined,
        ),
      ).toThrow(FormatError)
  })

  test('that a directory put back from a backup has forgotten is repeated at the start', async () => {
    const place = await newPlace()
    const backup = await newPlace()
    const first = await open(place)
    await first.tenant.recorder.record(loans(0, 5))
    await first.close()
    for (const part of ['data', 'signer'] as const) await cp(place[part], backup[part], { recursive: true })
    const second = await open(place)
    const { erasure } = await second.erasures.request(requestAbout(second.tenant, 'person-1'))
    await second.erasures.settled()
    await second.close()
    // All of it as it was before, but for what is kept outside the directory about erasures.
    await rm(place.data, { recursive: true })
    await cp(backup.data, place.data, { recursive: true })
    await cp(backup.signer, place.signer, {
      recursive: true,
      filter: (path) => !path.endsWith('.erasures'),
    })
    const third = await open(place)
    await third.erasures.settled()
    expect(third.erasures.status(erasure.id)!.erasure.outcome).toMatchObject({ records: 1, keysDestroyed: 1 })
    expect((await third.tenant.reader.one(2)).record).toBeUndefined()
    expect((await third.tenant.reader.one(1)).record).toBeDefined()
  })
})

describe('many erasures', () => {
  test('asked for at once are done together, each with an entry of its own', async () => {
    const { tenant, erasures } = await open(await newPlace())
    const count = 200
    const people = Array.from({ length: count }, (_, i) =>
      submission(loan(1_000 + i, { affectedUserId: `someone-${i % 100}` }), i),
    )
    await tenant.recorder.record(people)
    const asked = await Promise.all(
      Array.from({ length: 100 }, (_, i) => erasures.request(requestAbout(tenant, `someone-${i}`))),
    )
    await erasures.settled()
    const outcomes = asked.map(({ erasure }) => erasures.status(erasure.id)!.erasure.outcome!)
    expect(outcomes.every(({ records }) => records === 2)).toBe(true)
    expect(new Set(outcomes.map(({ entry }) => entry.index)).size).toBe(100)
    for (let index = 1; index <= count; index += 1)
      expect((await tenant.reader.one(index)).record).toBeUndefined()
  })

  test('asked for twice at once concern each record once', async () => {
    const { tenant, erasures } = await open(await newPlace())
    await tenant.recorder.record(loans(0, 25))
    const asked = await Promise.all(
      Array.from({ length: 3 }, () => erasures.request(requestAbout(tenant, 'person-2'))),
    )
    await erasures.settled()
    const counts = asked.map(({ erasure }) => erasures.status(erasure.id)!.erasure.outcome!.records)
    expect(counts.toSorted((a, b) => a - b)).toEqual([0, 0, 3])
  })

  test('ten thousand of them leave a ledger that verifies from its first entry to its last', async () => {
    const place = await newPlace()
    const { tenant, erasures, close } = await open(place, {}, new WakefulClock(), {})
    const people = 10_000
    for (let from = 0; from < people; from += 1_000) {
      const batch = Array.from({ length: 1_000 }, (_, i) =>
        submission(loan(from + i, { affectedUserId: `someone-${from + i}` }), i),
      )
      await tenant.recorder.record(batch)
    }
    const asked = await Promise.all(
      Array.from({ length: people }, (_, i) => erasures.request(requestAbout(tenant, `someone-${i}`))),
    )
    await erasures.settled()
    expect(asked.every(({ erasure }) => erasures.status(erasure.id)!.erasure.outcome?.records === 1)).toBe(
      true,
    )
    await close()
    const { checked, findings } = await checkDirectory(realDisk, place.data)
    expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([])
    expect(checked.erased).toBe(people)
  })
})
