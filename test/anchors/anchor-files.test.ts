import { readdir, readFile, writeFile } from 'node:fs/promises'
import { formatCheckpoint, type Anchor, parseTrust } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AnchorWalk } from '../../packages/server/src/check/anchor-walk.ts'
import {
  decodeAnchors,
  encodeAnchors,
  joinAnchors,
  sortAnchors,
} from '../../packages/server/src/ledger/anchor-files.ts'
import { Anchors } from '../../packages/server/src/ledger/anchors.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { ProcessGone, SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import { codeOf, noteBy, signer, witness } from '../format/signer.ts'
import { newPlace } from '../ledger/open-ledger.ts'

const ORIGIN = 'deponent.invalid/00000000/test'
const LOG = signer(ORIGIN, 1)
const WITNESSES = [
  witness('witness.example/a', 2, 1_700_000_000),
  witness('witness.example/b', 3, 1_700_000_001),
]
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const START_MS = Date.UTC(2026, 0, 1)

function anchorOf(size: number, by: readonly number[] = [0], timestamps: readonly Uint8Array[] = []): Anchor {
  const text = formatCheckpoint({ origin: ORIGIN, size, root: new Uint8Array(32).fill(size % 256) })
  return { size, note: noteBy(text, LOG, ...by.map((i) => WITNESSES[i]!)), timestamps }
}

const sizesOf = (anchors: readonly (Anchor | undefined)[]) => anchors.map((anchor) => anchor?.size)

describe('anchors', () => {
  test('of one checkpoint become one, with every line and timestamp once', () => {
    const joined = joinAnchors(
      anchorOf(5, [0], [new Uint8Array([1])]),
      anchorOf(5, [0, 1], [new Uint8Array([1])]),
    )
    expect(joined).toEqual(anchorOf(5, [0, 1], [new Uint8Array([1])]))
  })

  test('of one size and two trees are refused', () => {
    const text = formatCheckpoint({ origin: ORIGIN, size: 5, root: new Uint8Array(32).fill(99) })
    const other = { size: 5, note: noteBy(text, LOG), timestamps: [] }
    expect(codeOf(() => joinAnchors(anchorOf(5), other))).toBe('bad_anchor')
  })

  test('survive being written and read', () => {
    const anchors = [anchorOf(1), anchorOf(300, [0, 1], [new Uint8Array(3_000).fill(7)])]
    expect(decodeAnchors(encodeAnchors(anchors))).toEqual(anchors)
  })

  test('cut anywhere are refused', () => {
    const bytes = encodeAnchors([anchorOf(1), anchorOf(2)])
    const whole = encodeAnchors([anchorOf(1)]).length
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        if (length !== whole) expect(codeOf(() => decodeAnchors(bytes.slice(0, length)))).toBe('bad_anchor')
      }),
    )
  })
})

describe('kept anchors', () => {
  test('are found on both sides of an entry, over files and lives', async () => {
    const { directory } = await newPlace()
    const clock = new TestClock(START_MS)
    const anchors = await Anchors.open(realDisk, clock, directory)
    for (const size of [3, 7, 20]) {
      await anchors.add(anchorOf(size))
      clock.advance(45 * MINUTE_MS)
    }
    const again = await Anchors.open(realDisk, clock, directory)
    for (const one of [anchors, again]) {
      for (const [index, before, after] of [
        [0, undefined, 3],
        [2, undefined, 3],
        [3, 3, 7],
        [19, 7, 20],
        [20, 20, undefined],
      ] as const) {
        const around = await one.around(index)
        expect(sizesOf([around.before, around.after])).toEqual([before, after])
      }
    }
    expect(await readdir(directory)).toHaveLength(2)
  })

  test('that bear a timestamp are found behind nearer ones that do not', async () => {
    const { directory } = await newPlace()
    const anchors = await Anchors.open(realDisk, new TestClock(START_MS), directory)
    const stamp = [new Uint8Array([1])]
    for (const anchor of [anchorOf(2, [], stamp), anchorOf(4), anchorOf(6), anchorOf(9, [], stamp)]) {
      await anchors.add(anchor)
    }
    expect(sizesOf(await anchors.bounds(5))).toEqual([2, 4, 6, 9])
    expect((await anchors.latest())?.size).toBe(9)
  })

  test('added while others are read are in the next answer', async () => {
    const { directory } = await newPlace()
    const anchors = await Anchors.open(realDisk, new TestClock(START_MS), directory)
    await anchors.add(anchorOf(1))
    const [, around] = await Promise.all([anchors.add(anchorOf(5)), anchors.around(0)])
    expect(around.after?.size).toBe(1)
    expect((await anchors.around(3)).after?.size).toBe(5)
  })

  test('older than a week are thinned to the last of each hour and those with a timestamp', async () => {
    const { directory } = await newPlace()
    const clock = new TestClock(START_MS)
    const anchors = await Anchors.open(realDisk, clock, directory)
    let size = 0
    for (let minute = 0; minute < 180; minute += 10) {
      size += 1
      await anchors.add(anchorOf(size, [0], minute === 30 ? [new Uint8Array([9])] : []))
      clock.advance(10 * MINUTE_MS)
    }
    clock.advance(9 * DAY_MS)
    await anchors.add(anchorOf(1_000))
    const names = await readdir(directory)
    expect(names).toEqual(['000000000004.2026-01-01.jsonl', '000000001000.2026-01-10T03.jsonl'])
    const kept = decodeAnchors(await readFile(`${directory}/${names[0]}`))
    expect(sizesOf(kept)).toEqual([4, 6, 12, 18])
    expect((await anchors.around(5)).after?.size).toBe(6)
  })

  test('under a clock that steps back lose nothing', async () => {
    const { directory } = await newPlace()
    const clock = new TestClock(START_MS)
    const anchors = await Anchors.open(realDisk, clock, directory)
    await anchors.add(anchorOf(5, [0]))
    clock.step(90 * MINUTE_MS)
    await anchors.add(anchorOf(5, [1]))
    clock.step(-90 * MINUTE_MS)
    await anchors.add(anchorOf(5, [0, 1]))
    await anchors.add(anchorOf(6))
    expect((await anchors.around(5)).after?.size).toBe(6)
    expect((await anchors.around(4)).after?.size).toBe(5)
  })

  test('that were added survive a power cut at any call', async () => {
    for (let call = 1; call < 120; call += 1) {
      const random = new SeededRandom(call)
      const disk = new SimulatedDisk({ random, faults: [{ call, kind: 'stops' }] })
      const clock = new TestClock(START_MS)
      const added: number[] = []
      try {
        const anchors = await Anchors.open(disk, clock, '/ledger/anchors')
        for (let size = 1; size < 12; size += 1) {
          await anchors.add(anchorOf(size))
          added.push(size)
          clock.advance(size === 8 ? 9 * DAY_MS : 20 * MINUTE_MS)
        }
      } catch (error) {
        expect(error).toBeInstanceOf(ProcessGone)
      }
      const next = disk.powerCut({ faults: [] })
      const again = await Anchors.open(next, clock, '/ledger/anchors')
      const last = added.at(-1)
      if (last !== undefined) expect((await again.latest())?.size).toBeGreaterThanOrEqual(last)
      await again.add(anchorOf(50))
      expect((await again.latest())?.size).toBe(50)
    }
  })
})

describe('verification of anchors', () => {
  const keys = [{ vkey: LOG.key.vkey, use: 'checkpoint' }]
  const trust = parseTrust({
    ledgers: [{ origin: ORIGIN, keys, witnesses: WITNESSES.map(({ key }) => key.vkey) }],
  })
  const roots = new Map([3, 7].map((size) => [size, new Uint8Array(32).fill(size)]))
  const findingsOf = async (directory: string, expectedSize = 10) =>
    (await AnchorWalk.open(realDisk, directory))
      .findings({ expectedSize, roots }, trust, ORIGIN)
      .map(({ severity, code }) => `${severity} ${code}`)

  async function kept(...anchors: readonly Anchor[]): Promise<string> {
    const { directory } = await newPlace()
    const all = await Anchors.open(realDisk, new TestClock(START_MS), directory)
    for (const anchor of sortAnchors(anchors)) await all.add(anchor)
    return directory
  }

  test('finds nothing in anchors that fit the tree', async () => {
    expect(await findingsOf(await kept(anchorOf(3), anchorOf(7, [0, 1])))).toEqual([])
  })

  test('finds an anchor of another tree', async () => {
    const text = formatCheckpoint({ origin: ORIGIN, size: 7, root: new Uint8Array(32).fill(1) })
    const other = { size: 7, note: noteBy(text, LOG, WITNESSES[0]!), timestamps: [] }
    expect(await findingsOf(await kept(anchorOf(3), other))).toEqual(['error anchor_mismatch'])
  })

  test('finds a ledger that is shorter than an anchor', async () => {
    expect(await findingsOf(await kept(anchorOf(3), anchorOf(7)), 5)).toEqual(['error rolled_back'])
  })

  test('finds an anchor that the ledger did not sign, or a witness did not', async () => {
    const text = formatCheckpoint({ origin: ORIGIN, size: 3, root: new Uint8Array(32).fill(3) })
    const unsigned = { size: 3, note: noteBy(text, signer(ORIGIN, 9)), timestamps: [] }
    expect(await findingsOf(await kept(unsigned))).toEqual(['error anchor_signature'])
    const other = noteBy(
      formatCheckpoint({ origin: ORIGIN, size: 4, root: new Uint8Array(32) }),
      WITNESSES[0]!,
    )
    const forged = noteBy(text, LOG) + `${other.split('\n').at(-2)}\n`
    expect(await findingsOf(await kept({ size: 3, note: forged, timestamps: [] }))).toEqual([
      'error witness_signature',
    ])
  })

  test('finds a damaged file and a stranger among the files', async () => {
    const directory = await kept(anchorOf(3))
    const [name] = await readdir(directory)
    await writeFile(`${directory}/${name}`, 'x\n')
    await writeFile(`${directory}/note.txt`, 'x\n')
    expect(await findingsOf(directory)).toEqual(['error anchor_malformed', 'error anchor_malformed'])
  })
})
