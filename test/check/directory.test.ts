import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { entriesOfTile, entryTile, storedTile } from '../../packages/server/src/ledger/tile-store.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { loan, newPlace, openRecording, submission } from '../recording/open-tenant.ts'

const RECORDS = 1_100
let data = ''
let receipt = ''
let oldCheckpoint = ''

/** A directory with everything the formats define: full tiles, a vault segment, log frames, keys. */
beforeAll(async () => {
  const place = await newPlace()
  const { tenant, close } = await openRecording(place)
  // Text that does not compress, so that the first log file fills up and is let go.
  const random = new SeededRandom('notes')
  const noted = (i: number) =>
    loan(i, { metadata: { note: Buffer.from(random.bytes(20_000)).toString('base64') } })
  for (let from = 0; from < RECORDS; from += 100) {
    const envelope = await tenant.recorder.record(
      Array.from({ length: 100 }, (_, i) => submission(noted(from + i), i)),
    )
    if (from === 0) {
      receipt = JSON.stringify(envelope)
      await tenant.ledger.published(tenant.ledger.size, 5_000)
      oldCheckpoint = tenant.ledger.checkpoint!.note
    }
  }
  await tenant.ledger.published(tenant.ledger.size, 5_000)
  await close()
  data = place.data
  expect(
    (await readdir(join(data, 'ledgers/default/wal'))).every((name) => !name.endsWith('-00000000.wal')),
  ).toBe(true)
})

async function copy(): Promise<string> {
  const { data: fresh } = await newPlace()
  await cp(data, fresh, { recursive: true })
  return fresh
}

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[at]! ^= 0x20
  await writeFile(path, bytes)
}

async function files(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
}

/** Ranges of a write-ahead file that hold frames; the rest is preallocated zeros. */
function frameRanges(bytes: Buffer): { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = []
  for (let at = 0; at + 160 <= bytes.length && bytes.subarray(at, at + 8).toString() === 'DPNFRAM0';) {
    const length = 160 + Number(bytes.readBigUInt64BE(at + 40))
    ranges.push({ from: at, to: at + length })
    at += Math.ceil(length / 4096) * 4096
  }
  return ranges
}

const positionsIn = (random: SeededRandom, from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, () => from + (Buffer.from(random.bytes(4)).readUInt32BE() % (to - from)))

describe('verify of a data directory', () => {
  test("says valid, by the operator's own key, when nothing has changed", async () => {
    const report = await checkDirectory(realDisk, data)
    expect(report.verdict).toBe('valid')
    expect(report.findings.map(({ code }) => code)).toEqual(['trust_self', 'not_checked'])
    expect(report.checked).toMatchObject({ checkpoints: 1, erased: 0 })
    expect(report.checked.entries).toBeGreaterThan(RECORDS)
    expect(report.checked.payloads).toBe(report.checked.entries)
  })

  test('says invalid for one flipped byte anywhere in any file the formats define', async () => {
    const covered = (await files(data)).filter((path) =>
      /^(format\.json|ledgers\/|vault\/|keyring\/)/.test(path),
    )
    expect(covered.some((path) => path.endsWith('.seg'))).toBe(true)
    expect(covered.some((path) => path.includes('/tile/entries/'))).toBe(true)
    const random = new SeededRandom('flips')
    for (const path of covered) {
      const bytes = await readFile(join(data, path))
      const ranges = path.endsWith('.wal') ? frameRanges(bytes) : [{ from: 0, to: bytes.length }]
      const chosen = ranges.length > 4 ? [...ranges.slice(0, 2), ...ranges.slice(-1)] : ranges
      const perRange = path.includes('/tile/') ? 1 : 3
      for (const at of chosen.flatMap(({ from, to }) => positionsIn(random, from, to, perRange))) {
        await flip(join(data, path), at)
        const report = await checkDirectory(realDisk, data)
        await flip(join(data, path), at)
        expect({ path, at, verdict: report.verdict }).toEqual({ path, at, verdict: 'invalid' })
        const errors = report.findings.filter(({ severity }) => severity === 'error')
        const isNamed = errors.some(
          ({ index, code, message }) =>
            index !== undefined || /segment|key|format\.json|checkpoint|root/i.test(`${code} ${message}`),
        )
        expect({ path, at, isNamed }).toEqual({ path, at, isNamed: true })
      }
    }
    expect((await checkDirectory(realDisk, data)).verdict).toBe('valid')
  }, 300_000)

  test('names the entry whose bytes were changed in its tile', async () => {
    const changed = await copy()
    const tile = join(changed, 'ledgers/default/tile/entries/002')
    const entries = entriesOfTile(await readFile(tile)).map((entry) => entry.slice())
    entries[77]![20]! ^= 1
    await writeFile(tile, storedTile(entryTile(2, entries)))
    const report = await checkDirectory(realDisk, changed)
    expect([
      ...new Set(report.findings.filter(({ code }) => code === 'leaf_mismatch').map(({ index }) => index)),
    ]).toEqual([2 * 256 + 77])
  })

  test('finds a missing tile, a missing segment and a missing log', async () => {
    const removals = [
      'ledgers/default/tile/entries/001',
      'ledgers/default/tile/0/001',
      'vault/default/000000000000.seg',
      'ledgers/default/wal',
    ]
    for (const path of removals) {
      const changed = await copy()
      await rm(join(changed, path), { recursive: true })
      expect((await checkDirectory(realDisk, changed)).verdict).toBe('invalid')
    }
  })

  test('compares with heads known from elsewhere and finds a directory that was rolled back', async () => {
    const whole = await checkDirectory(realDisk, data, { against: [oldCheckpoint, receipt] })
    expect(whole.verdict).toBe('valid')
    const place = await newPlace()
    const young = await openRecording(place)
    await young.tenant.recorder.record([submission(loan(1))])
    await young.close()
    const earlier = await copy()
    await cp(join(place.data, 'ledgers'), join(earlier, 'ledgers'), { recursive: true, force: true })
    expect((await checkDirectory(realDisk, earlier, { against: [oldCheckpoint] })).verdict).toBe('invalid')
  })

  test('leaves payloads unopened, and says so, when the root key is not there', async () => {
    const changed = await copy()
    await rm(join(changed, 'keyring/root.key'))
    const report = await checkDirectory(realDisk, changed)
    expect(report.verdict).toBe('valid')
    expect(report.findings.map(({ code }) => code)).toContain('payload_unopened')
  })

  test('says that the keyring is damaged when the master key is gone and what it wraps is there', async () => {
    const changed = await copy()
    await rm(join(changed, 'keyring/master.key'))
    const report = await checkDirectory(realDisk, changed)
    expect(report.verdict).toBe('invalid')
    expect(report.findings.map(({ code }) => code)).toContain('keyring_damaged')
  })

  test('refuses a directory that a newer release wrote', async () => {
    const changed = await copy()
    const format = JSON.parse(await readFile(join(changed, 'format.json'), 'utf8')) as object
    await writeFile(join(changed, 'format.json'), JSON.stringify({ ...format, format: 99 }))
    const report = await checkDirectory(realDisk, changed)
    expect(report.findings.map(({ code }) => code)).toEqual(['format_unknown'])
  })
})
