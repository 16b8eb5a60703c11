import { TILE_WIDTH } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { LedgerWalk } from '../../packages/server/src/check/ledger-walk.ts'
import { ledgerIdOf } from '../../packages/server/src/ledger/wal-frame.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import { drafts, openLedger, ORIGIN } from '../ledger/open-ledger.ts'

const PLACE = { directory: '/data/ledger', signerDirectory: '/state' }
const CUTS = 40
const ENTRIES = 1_100

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await Promise.resolve()
}

/** A ledger at work: some tiles settled, some written and not synced, some on their way. */
async function workedOn(seed: number): Promise<{ disk: SimulatedDisk; size: number }> {
  const disk = new SimulatedDisk({ random: new SeededRandom(seed) })
  const clock = new TestClock()
  const ledger = await openLedger(PLACE, { disk, clock, walFileBytes: 24 * 4_096 })
  for (const count of [300, 300, 256, 244]) {
    await ledger.append(drafts(count, 10))
    if (seed % 3 === 0 && count === 256) clock.advance(200)
    await turns((seed * 97) % 900)
  }
  return { disk, size: ledger.size }
}

async function walk(disk: SimulatedDisk): Promise<LedgerWalk> {
  const walk = await LedgerWalk.open(disk, PLACE.directory, ledgerIdOf(ORIGIN), [])
  for await (const block of walk.entries()) void block
  return walk
}

const codes = ({ findings }: LedgerWalk): string[] => findings.map(({ code }) => code)
const errors = ({ findings }: LedgerWalk): string[] =>
  findings.filter(({ severity }) => severity === 'error').map(({ code, message }) => `${code} ${message}`)

const HASH_TILE = `${PLACE.directory}/tile/0/003`
const ENTRY_TILE = `${PLACE.directory}/tile/entries/003`

describe('the check of a ledger', () => {
  test('finds no error in what a power cut leaves of tiles whose entries the log still holds', async () => {
    let unfinished = 0
    for (let seed = 0; seed < CUTS; seed += 1) {
      const { disk, size } = await workedOn(seed)
      const walked = await walk(disk.powerCut())
      expect({ seed, errors: errors(walked), size: walked.size }).toEqual({ seed, errors: [], size })
      if (codes(walked).includes('tile_unfinished')) unfinished += 1
    }
    expect(unfinished).toBeGreaterThan(CUTS / 10)
  })

  test('finds a bit turned over in any tile, whether or not the log still holds its entries', async () => {
    const { disk } = await workedOn(0)
    await turns(5_000)
    for (const path of [HASH_TILE, ENTRY_TILE]) {
      for (const position of [3, 700, 8_000]) {
        disk.flipBit(path, position, 4)
        expect({ path, position, count: errors(await walk(disk)).length }).not.toMatchObject({ count: 0 })
        disk.flipBit(path, position, 4)
      }
    }
    expect(errors(await walk(disk))).toEqual([])
  })

  test('finds a settled tile that was cut off', async () => {
    const { disk } = await workedOn(0)
    await turns(5_000)
    for (const [path, code] of [
      ['tile/entries/000', 'entry_tile_malformed'],
      ['tile/0/000', 'tile_malformed'],
    ] as const) {
      const cut = disk.powerCut()
      await cut.truncate(`${PLACE.directory}/${path}`, 5_000)
      expect(codes(await walk(cut))).toContain(code)
    }
  })

  test('reads the entries of an unfinished tile from the log', async () => {
    const { disk } = await workedOn(0)
    await turns(5_000)
    const before = await (await walk(disk)).range(3 * TILE_WIDTH, ENTRIES)
    await disk.truncate(ENTRY_TILE, 4_096)
    const walked = await walk(disk)
    expect(codes(walked)).toEqual(['tile_unfinished'])
    expect(await walked.range(3 * TILE_WIDTH, ENTRIES)).toEqual(before)
  })
})
