import { cp, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ATTACKS } from '../../packages/server/src/drill/attacks/index.ts'
import { cellsOf } from '../../packages/server/src/drill/cells.ts'
import { drill, type DrillReport } from '../../packages/server/src/drill/drill.ts'
import { DrillRefused } from '../../packages/server/src/drill/ground.ts'
import { isNoticed } from '../../packages/server/src/drill/outcome.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { textOf } from '../docs/tree.ts'
import { loan, newPlace, openRecording, submission } from '../recording/open-tenant.ts'

const options = { disk: realDisk, random: realRandom, records: 300 }

let report: DrillReport
beforeAll(async () => {
  report = await drill(options)
}, 300_000)

/** The table of the page, row by row, without its formatting. */
function documented(): string[][] {
  const [, part = ''] = textOf('docs/threat-model.md').split('<!-- drill -->')
  const rows = part.split('\n').filter((line) => line.startsWith('| '))
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

/** SHA-256 of every file below a directory, by path. */
async function digests(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const pairs = paths.map(async (path) => {
    const sum = createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
    return [path, sum] as const
  })
  return Object.fromEntries(await Promise.all(pairs))
}

describe('a drill', () => {
  test('tries every attack on a ledger of its own, and each comes out as documented', () => {
    expect(report.rows.map(({ attack }) => attack)).toEqual(ATTACKS.map(({ name }) => name))
    expect(report.rows.filter(({ skipped }) => skipped)).toEqual([])
    expect(report.rows.filter(({ asDocumented }) => !asDocumented)).toEqual([])
  })

  test('shows what docs/threat-model.md shows', () => {
    const [headings, , ...rows] = documented()
    expect(rows.map((row) => Object.fromEntries(row.map((cell, i) => [headings?.[i], cell])))).toEqual(
      report.rows.map((row) => ({ ...cellsOf(row) })),
    )
  })

  test('finds nothing without an attack: pinned keys add no accusation where nothing was done', () => {
    const unharmed = report.rows.find(({ attack }) => attack === 'change-dedupe-mark')
    expect(Object.values(unharmed!.outcomes!).some(isNoticed)).toBe(false)
  })

  test('says that a record somebody invents with every key is told only by the numbers of its source', () => {
    const invented = report.rows.find(({ attack }) => attack === 'invent-record')
    expect(invented?.notDetectableWithout).toBe("the source's own numbers")
  })

  test('finds a backdated record by a timestamp that was verified', () => {
    const backdated = report.rows.find(({ attack }) => attack === 'backdate-record')
    expect(backdated?.outcomes?.timestamp?.codes).toEqual(['received_at_contradicted'])
  })

  test('leaves a directory and its keys as they were, with a server running on it', async () => {
    const place = await newPlace()
    const { tenant, close } = await openRecording(place)
    const batch = (from: number) => Array.from({ length: 50 }, (_, i) => submission(loan(from + i), i))
    for (let from = 0; from < 300; from += 50) await tenant.recorder.record(batch(from))
    const before = await digests(join(place.data, 'keyring'))
    const running = drill({ ...options, source: place.data, only: ['rewrite-decision', 'delete-segment'] })
    for (let from = 300; from < 800; from += 50) await tenant.recorder.record(batch(from))
    const { rows } = await running
    expect(rows.map(({ asDocumented }) => asDocumented)).toEqual([true, true])
    // Nothing was sealed into a segment yet: that is said, and no outcome is made up.
    expect(rows[0]).toMatchObject({ skipped: 'there is no vault/default/000000000000.seg' })
    expect(await digests(join(place.data, 'keyring'))).toEqual(before)
    await close()
    const closed = await digests(place.data)
    await drill({ ...options, source: place.data, only: ['roll-back'] })
    expect(await digests(place.data)).toEqual(closed)
  }, 120_000)

  test('leaves nothing behind', async () => {
    const usual = process.env.TMPDIR
    const place = await mkdtemp(join(tmpdir(), 'deponent-'))
    process.env.TMPDIR = place
    try {
      await drill({ ...options, only: ['roll-back'] })
      expect(await readdir(place)).toEqual([])
    } finally {
      if (usual === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = usual
    }
  }, 120_000)

  test('is not held on a directory that does not verify, and says what is wrong with it', async () => {
    const place = await newPlace()
    const { tenant, close } = await openRecording(place)
    await tenant.recorder.record(Array.from({ length: 300 }, (_, i) => submission(loan(i), i)))
    await close()
    const { data } = await newPlace()
    await cp(place.data, data, { recursive: true })
    const tile = join(data, 'ledgers/default/tile/0/000')
    const bytes = await readFile(tile)
    bytes[7]! ^= 1
    await writeFile(tile, bytes)
    const refused = await drill({ ...options, source: data }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(DrillRefused)
    expect((refused as DrillRefused).findings.map(({ code }) => code)).toContain('leaf_mismatch')
    await expect(drill({ ...options, source: join(data, 'nowhere') })).rejects.toThrow(DrillRefused)
  }, 120_000)
})
