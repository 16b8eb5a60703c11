import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { toHex } from '@deponent/format'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { ErasureTally } from '../../packages/server/src/check/erasures.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { readDirectoryFormat } from '../../packages/server/src/ledger/identity.ts'
import { ledgerIdOf } from '../../packages/server/src/ledger/wal-frame.ts'
import { ErasureRegister } from '../../packages/server/src/erasure/register.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { readMasterKey } from '../../packages/server/src/vault/master-key.ts'
import { deriveKey } from '../../packages/server/src/vault/root-key.ts'
import { rootBeside } from '../../packages/server/src/vault/root-source.ts'
import {
  appendErasure,
  eraseByHand,
  setOf,
  tellDigests,
  tombstonesOf,
  writeTombstones,
} from '../erasure/erased-by-hand.ts'
import { loan, newPlace, openRecording, type Place, submission } from '../recording/open-tenant.ts'

const SMALL = { log: 65_536, segment: { entriesMax: 64, bytesMax: 1_048_576 } }

/** A ledger of some loans, open. */
async function withLoans(
  count: number,
): Promise<{ place: Place } & Awaited<ReturnType<typeof openRecording>>> {
  const place = await newPlace()
  const opened = await openRecording(place, realClock, SMALL)
  for (let from = 0; from < count; from += 50) {
    const loans = Array.from({ length: 50 }, (_, i) => submission(loan(from + i), i))
    await opened.tenant.recorder.record(loans)
  }
  await opened.tenant.vault.flush()
  await opened.tenant.ledger.published(opened.tenant.ledger.size, 5_000)
  return { place, ...opened }
}

async function codesOf(data: string) {
  const { findings, verdict, checked } = await checkDirectory(realDisk, data)
  const said = findings.filter(({ code }) => code !== 'trust_self' && code !== 'not_checked')
  return {
    verdict,
    erased: checked.erased,
    said: said.map(({ severity, code, index }) => ({ severity, code, index })),
  }
}

/** The id of the ledger in a directory, in hex. */
async function ledgerIdIn(data: string): Promise<string> {
  const format = (await readDirectoryFormat(realDisk, data))!
  return toHex(ledgerIdOf(format.ledgers.default!.origin))
}

/** Notes in the register that an erasure was begun. */
async function beginErasure({ data, signer }: Place): Promise<void> {
  const keyring = join(data, 'keyring')
  const master = (await readMasterKey(realDisk, keyring, rootBeside(keyring)))!
  const register = await ErasureRegister.open({
    disk: realDisk,
    random: realRandom,
    path: join(data, 'keyring/default.erasures'),
    outsidePath: join(signer, 'begun'),
    key: deriveKey(master.key, `deponent/erasures/v1/${await ledgerIdIn(data)}`),
  })
  const plan = { seed: '00'.repeat(32), numbers: [1], indices: ERASED, names: [], links: [] }
  await register.put([{ id: 'one', ground: 'other', requestedAt: 1, needsApproval: false, plan }])
  await register.close()
}

/** Indices that lie in segments and in the log alike. */
const ERASED = [3, 4, 70, 100, 149]

test('payloads that were erased are counted, and the directory is valid with and without the root key', async () => {
  const { place, ...opened } = await withLoans(150)
  await eraseByHand(place, opened, ERASED)
  expect(await codesOf(place.data)).toEqual({
    verdict: 'valid',
    erased: ERASED.length,
    said: [{ severity: 'info', code: 'payload_erased', index: undefined }],
  })
  await rm(join(place.data, 'keyring/root.key'))
  const { verdict, erased, said } = await codesOf(place.data)
  expect({ verdict, erased }).toEqual({ verdict: 'valid', erased: ERASED.length })
  expect(said.map(({ code }) => code)).toEqual(['payload_unopened', 'payload_erased'])
})

test('a ledger opens again after an erasure, and its state can be rebuilt from what is left', async () => {
  const { place, ...opened } = await withLoans(150)
  const { set, erasure } = await eraseByHand(place, opened, ERASED)
  await rm(join(place.data, 'state'), { recursive: true })
  const again = await openRecording(place, realClock, SMALL)
  expect(again.tenant.erasureEntries.entryOf(toHex(set.root))).toBe(erasure)
  expect((await again.tenant.reader.one(3)).erased).toMatchObject({ position: set.openings.get(3)!.position })
  const size = again.tenant.ledger.size
  await again.close()
  const once = await openRecording(place, realClock, SMALL)
  // The digests of rewritten segments are recorded, so that no start records them again.
  expect(once.tenant.ledger.size).toBe(size)
  await once.close()
  expect((await codesOf(place.data)).verdict).toBe('valid')
})

test('a payload that is gone with a tombstone nobody vouches for makes a directory incomplete, and is named', async () => {
  const { place, tenant, close } = await withLoans(150)
  const set = setOf(ERASED)
  const tombstones = await tombstonesOf(tenant, set)
  await tellDigests(tenant, tombstones)
  // Somebody's own record of an erasure is not the ledger's word.
  await appendErasure(tenant, set.root, false)
  await tenant.ledger.published(tenant.ledger.size, 5_000)
  await close()
  await writeTombstones(place, tenant.ledger.origin, tombstones)
  const { verdict, erased, said } = await codesOf(place.data)
  expect({ verdict, erased }).toEqual({ verdict: 'incomplete', erased: 0 })
  expect(said).toEqual(ERASED.map((index) => ({ severity: 'gap', code: 'erasure_unproven', index })))
  await beginErasure(place)
  const pending = await codesOf(place.data)
  expect(pending.said.map(({ code }) => code)).toEqual(['erasure_pending', 'erasure_pending'])
  expect(pending.verdict).toBe('incomplete')
})

test('a tombstone moved to another entry, or cut off, is no proof of an erasure', async () => {
  const { place, tenant, close } = await withLoans(150)
  const set = setOf(ERASED)
  const tombstones = await tombstonesOf(tenant, set)
  tombstones.set(5, tombstones.get(4)!)
  tombstones.set(6, tombstones.get(3)!.subarray(0, 30))
  await tellDigests(tenant, tombstones)
  await appendErasure(tenant, set.root)
  await tenant.ledger.published(tenant.ledger.size, 5_000)
  await close()
  await writeTombstones(place, tenant.ledger.origin, tombstones)
  const { verdict, erased, said } = await codesOf(place.data)
  expect({ verdict, erased }).toEqual({ verdict: 'invalid', erased: ERASED.length })
  expect(said.filter(({ code }) => code !== 'payload_erased')).toEqual([
    { severity: 'error', code: 'payload_malformed', index: 6 },
    { severity: 'gap', code: 'erasure_unproven', index: 5 },
  ])
})

test('a segment brought back to what it held before an erasure is found', async () => {
  const { place, ...opened } = await withLoans(150)
  const { data: before } = await newPlace()
  await cp(join(place.data, 'vault'), before, { recursive: true })
  await eraseByHand(place, opened, ERASED)
  await cp(before, join(place.data, 'vault'), { recursive: true })
  const { verdict, said } = await codesOf(place.data)
  expect(verdict).toBe('invalid')
  expect(said.filter(({ severity }) => severity === 'error')).toEqual([
    { severity: 'error', code: 'segment_footer', index: 0 },
    { severity: 'error', code: 'segment_footer', index: 64 },
  ])
})

test('a segment rewritten to a digest that nobody recorded is damage, unless an erasure is under way', async () => {
  const { place, tenant, close } = await withLoans(150)
  const set = setOf(ERASED)
  const tombstones = await tombstonesOf(tenant, set)
  await appendErasure(tenant, set.root)
  await tenant.ledger.published(tenant.ledger.size, 5_000)
  await close()
  await writeTombstones(place, tenant.ledger.origin, tombstones)
  const { verdict, said } = await codesOf(place.data)
  expect(verdict).toBe('invalid')
  expect(said.filter(({ code }) => code === 'segment_footer').map(({ index }) => index)).toEqual([0, 64])
  await beginErasure(place)
  const pending = await codesOf(place.data)
  expect(pending.verdict).toBe('incomplete')
  expect(pending.said.some(({ code }) => code === 'segment_footer')).toBe(false)
})

test('what the log still holds of an erased payload is told', async () => {
  const { place, tenant, close } = await withLoans(150)
  const { data: before } = await newPlace()
  const origin = tenant.ledger.origin
  const set = setOf([100])
  const tombstones = await tombstonesOf(tenant, set)
  await tellDigests(tenant, tombstones)
  await appendErasure(tenant, set.root)
  await tenant.ledger.published(tenant.ledger.size, 5_000)
  await close()
  await cp(join(place.data, 'ledgers/default/wal'), before, { recursive: true })
  await writeTombstones(place, origin, tombstones)
  await rm(join(place.data, 'ledgers/default/wal'), { recursive: true })
  await cp(before, join(place.data, 'ledgers/default/wal'), { recursive: true })
  const logs = await readdir(before)
  expect(logs.length).toBeGreaterThan(0)
  const { verdict, said } = await codesOf(place.data)
  expect(verdict).toBe('incomplete')
  expect(said.map(({ code }) => code)).toContain('erasure_pending')
})

test('a byte changed in a segment that an erasure rewrote is found', async () => {
  const { place, ...opened } = await withLoans(150)
  await eraseByHand(place, opened, ERASED)
  const path = join(place.data, 'vault/default/000000000000.seg')
  const bytes = await readFile(path)
  for (let at = 40; at < bytes.length; at += 997) {
    bytes[at]! ^= 1
    await writeFile(path, bytes)
    expect((await codesOf(place.data)).verdict).toBe('invalid')
    bytes[at]! ^= 1
  }
})

test('tombstones count as proven exactly when a covered erasure of their set follows them', () => {
  const event = fc.record({ set: fc.nat({ max: 3 }), isErasure: fc.boolean() })
  fc.assert(
    fc.property(fc.array(event), fc.nat({ max: 40 }), (events, covered) => {
      const tally = new ErasureTally(covered)
      events.forEach(({ set, isErasure }, index) => {
        if (isErasure) tally.takeErasure(index, `${set}`)
        else tally.takeTombstone({ index, set: `${set}`, isPart: false })
      })
      const nextErasure = (set: number, from: number) =>
        events.findIndex((other, at) => at > from && other.isErasure && other.set === set)
      const tombstones = events.flatMap(({ set, isErasure }, at) => (isErasure ? [] : [nextErasure(set, at)]))
      expect(tally.proven).toBe(tombstones.filter((at) => at >= 0 && at < covered).length)
      const unproven = tally
        .findings({ unfinished: 0, hasGrown: false })
        .filter(({ code }) => code === 'erasure_unproven')
      expect(unproven.length).toBe(tombstones.filter((at) => at < 0).length)
    }),
  )
})

test('of thousands of unproven tombstones some are named and the rest are counted', () => {
  const tally = new ErasureTally(0)
  for (let index = 0; index < 5_000; index += 1)
    tally.takeTombstone({ index, set: `${index % 2_000}`, isPart: false })
  const findings = tally.findings({ unfinished: 0, hasGrown: false })
  expect(findings.length).toBe(65)
  expect(findings.at(-1)?.message).toContain('4936')
})
