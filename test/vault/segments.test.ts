import { describe, expect, test } from 'vitest'
import type { Disk } from '../../packages/server/src/platform/disk.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import { type SealedSegment, Segments } from '../../packages/server/src/vault/segments.ts'

const DIRECTORY = '/vault/test'
const LEDGER_ID = new Uint8Array(16).fill(7)
const LIMITS = { entriesMax: 4, bytesMax: 1_000 }

const frameOf = (index: number): Uint8Array => new SeededRandom(`frame ${index}`).bytes(60)
const framesOf = (from: number, to: number): Uint8Array[] =>
  Array.from({ length: to - from }, (_, i) => frameOf(from + i))

async function openOn(disk: Disk, onSealed: (segment: SealedSegment) => void = () => {}): Promise<Segments> {
  const segments = await Segments.open(disk, DIRECTORY, LEDGER_ID, onSealed, LIMITS)
  await segments.begin()
  return segments
}

describe('vault segments', () => {
  test('are sealed when full, told once, and give back every frame', async () => {
    const disk = new SimulatedDisk({ random: new SeededRandom(1) })
    const told: SealedSegment[] = []
    const segments = await openOn(disk, (segment) => told.push(segment))
    segments.apply(0, framesOf(0, 10))
    await segments.flush()
    expect(segments.durable()).toBe(8)
    expect(told.map(({ first, end }) => [first, end])).toEqual([
      [0, 4],
      [4, 8],
    ])
    expect(await segments.range(0, 10)).toEqual(framesOf(0, 10))
    const again = await openOn(disk.powerCut())
    expect(await again.sealed()).toEqual(told)
    again.apply(6, framesOf(6, 10))
    expect(await again.range(0, 10)).toEqual(framesOf(0, 10))
  })

  test('call durable only what a power cut cannot take, also when the life before ended in the middle of sealing', async () => {
    for (let call = 1, hasStopped = true; hasStopped; call += 1) {
      for (let seed = 0; seed < 4; seed += 1) {
        const disk = new SimulatedDisk({ random: new SeededRandom(seed), faults: [{ call, kind: 'stops' }] })
        await openOn(disk)
          .then((segments) => {
            segments.apply(0, framesOf(0, 8))
            return segments.flush()
          })
          .catch(() => undefined)
        hasStopped = disk.hasStopped
        const next = disk.processDeath()
        const durable = (await openOn(next)).durable()
        for (let cut = 0; cut < 4; cut += 1)
          expect((await openOn(next.powerCut())).durable()).toBeGreaterThanOrEqual(durable)
      }
    }
  })

  test('give nobody a frame that is not the one the footer vouches for', async () => {
    const disk = new SimulatedDisk({ random: new SeededRandom(1) })
    const segments = await openOn(disk)
    segments.apply(0, framesOf(0, 8))
    await segments.flush()
    disk.flipBit(`${DIRECTORY}/000000000004.seg`, 36 + 60 + 5, 2)
    await expect(segments.frame(5)).rejects.toMatchObject({ code: 'segment_damaged' })
    await expect(segments.range(0, 8)).rejects.toThrow(/entry 5/)
    expect(await segments.range(0, 5)).toEqual(framesOf(0, 5))
    expect(await segments.range(6, 8)).toEqual(framesOf(6, 8))
  })

  test('leave no temporary file behind, whatever an earlier life left', async () => {
    const disk = new SimulatedDisk({ random: new SeededRandom(1) })
    await disk.makeDirectory(DIRECTORY)
    await disk.write(`${DIRECTORY}/000000000000.seg.1.1.tmp`, frameOf(0))
    await openOn(disk)
    expect(await disk.list(DIRECTORY)).toEqual([])
  })

  test('say by name which one is missing', async () => {
    const disk = new SimulatedDisk({ random: new SeededRandom(1) })
    const segments = await openOn(disk)
    segments.apply(0, framesOf(0, 8))
    await segments.flush()
    await disk.remove(`${DIRECTORY}/000000000000.seg`)
    await expect(openOn(disk)).rejects.toMatchObject({ code: 'segment_missing' })
  })
})
