import { TILE_WIDTH } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LedgerWalk } from '../../packages/server/src/check/ledger-walk.ts'
import type { Ledger } from '../../packages/server/src/ledger/ledger.ts'
import { scanWal } from '../../packages/server/src/ledger/wal-scan.ts'
import { FRAME_HEADER_BYTES, ledgerIdOf } from '../../packages/server/src/ledger/wal-frame.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import { drafts, openLedger, ORIGIN } from './open-ledger.ts'

const PLACE = { directory: '/data/ledger', signerDirectory: '/state' }
const WAL = `${PLACE.directory}/wal`
const LEDGER_ID = ledgerIdOf(ORIGIN)

const openOn = (disk: SimulatedDisk): Promise<Ledger> =>
  openLedger(PLACE, { disk, clock: new TestClock(), walFileBytes: 24 * 4_096 })

/** A closed, published ledger of 1,100 entries: some only in tiles, some only in the log, some in both. */
async function closedLedger(): Promise<{ disk: SimulatedDisk; entries: Uint8Array[] }> {
  const disk = new SimulatedDisk({ random: new SeededRandom(1) })
  const ledger = await openOn(disk)
  for (const count of [300, 300, 256, 200, 40, 3, 1]) await ledger.append(drafts(count, 10))
  await ledger.close()
  expect(ledger.checkpoint?.size).toBe(1_100)
  return { disk, entries: await ledger.entryRange(0, 1_100) }
}

/** Why the ledger is refused, by name; undefined when it is not. */
async function refusalOn(disk: SimulatedDisk, entries: readonly Uint8Array[]): Promise<string | undefined> {
  const opened = await openOn(disk).catch((error: unknown) => error)
  if (opened instanceof Error) return 'code' in opened ? String(opened.code) : opened.message
  const ledger = opened as Ledger
  // A refused ledger goes on reading what it has, and that is what was there.
  const readable = await ledger.entryRange(0, ledger.size).catch(() => [])
  expect(readable).toEqual(entries.slice(0, readable.length))
  return ledger.refusal?.code
}

/** Every file below a directory, with its bytes. */
async function filesOf(disk: SimulatedDisk, directory: string): Promise<[string, Uint8Array | undefined][]> {
  const names = await disk.list(directory)
  return Promise.all(
    names.map(async (name): Promise<[string, Uint8Array | undefined]> => [
      name,
      await disk.read(`${directory}/${name}`),
    ]),
  )
}

describe('a ledger in which acknowledged bytes were damaged', () => {
  test('is not written, says why and changes nothing, whatever bit of its log turned over', async () => {
    const { disk, entries } = await closedLedger()
    const { frames } = await scanWal(disk, WAL, LEDGER_ID)
    expect(frames.length).toBeGreaterThan(3)
    const frame = fc.nat(frames.length - 1)
    await fc.assert(
      fc.asyncProperty(frame, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(7), async (n, at, bit) => {
        const damaged = disk.powerCut()
        const { file, location } = frames[n]!
        const frameBytes = FRAME_HEADER_BYTES + location.header.bodyBytes
        const position = location.position + Math.min(frameBytes - 1, Math.floor(at * frameBytes))
        damaged.flipBit(`${WAL}/${file}`, position, bit)
        const before = await filesOf(damaged, WAL)
        expect(await refusalOn(damaged, entries)).toBe('wal_corrupt')
        expect(await filesOf(damaged, WAL)).toEqual(before)
      }),
      { numRuns: 40 },
    )
  })

  test('is not written and says why when a file of its log, a hash tile or its signer state is damaged or gone', async () => {
    const { disk, entries } = await closedLedger()
    const [state] = await disk.list(PLACE.signerDirectory)
    const { frames } = await scanWal(disk, WAL, LEDGER_ID)
    const lastFile = frames.map(({ file }) => file).at(-1) ?? ''
    const named: Record<string, (damaged: SimulatedDisk) => Promise<void> | void> = {
      ledger_behind: (damaged) => damaged.remove(`${WAL}/${lastFile}`),
      signer_state_missing: (damaged) => damaged.remove(`${PLACE.signerDirectory}/${state}`),
      bad_signature: (damaged) => damaged.flipBit(`${PLACE.signerDirectory}/${state}`, 40, 1),
      tile_missing: (damaged) => damaged.remove(`${PLACE.directory}/tile/0/000`),
      tile_malformed: (damaged) => damaged.truncate(`${PLACE.directory}/tile/0/000`, 8_000),
      signing_refused: (damaged) => damaged.flipBit(`${PLACE.directory}/tile/0/000`, 100, 1),
    }
    for (const [code, damage] of Object.entries(named)) {
      const damaged = disk.powerCut()
      await damage(damaged)
      expect(await refusalOn(damaged, entries)).toBe(code)
    }
  })

  test('opens, and the check finds the entry, when a bit turned over in a tile that the log let go', async () => {
    const { disk } = await closedLedger()
    const { frames } = await scanWal(disk, WAL, LEDGER_ID)
    expect(frames[0]!.content.first).toBeGreaterThan(TILE_WIDTH)
    disk.flipBit(`${PLACE.directory}/tile/entries/000`, 5_000, 3)
    expect((await openOn(disk)).refusal).toBeUndefined()
    const walk = await LedgerWalk.open(disk, PLACE.directory, LEDGER_ID, [])
    for await (const block of walk.entries()) void block
    expect(walk.findings.map(({ code }) => code)).toContain('leaf_mismatch')
  })
})
