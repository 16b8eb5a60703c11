import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import { SqliteStateStore } from '../../packages/server/src/platform/state-store.ts'
import { KeysNeeded } from '../../packages/server/src/vault/keys-needed.ts'
import { encodeParts } from '../../packages/server/src/vault/parts-frame.ts'
import { Segments } from '../../packages/server/src/vault/segments.ts'

const DIRECTORY = '/vault/test'
const LEDGER_ID = new Uint8Array(16).fill(7)

/** A sealed frame, as far as its head goes, under the keys of these numbers. */
function frameUnder(...numbers: number[]): Uint8Array {
  if (numbers.length > 1) {
    const keepers = numbers.map((number) => ({ number, wrapped: new Uint8Array(48) }))
    return encodeParts({ coding: 0, keepers, r: new Uint8Array(16), parts: [], sealed: new Uint8Array(20) })
  }
  const frame = new Uint8Array(46)
  frame[1] = 1
  new DataView(frame.buffer).setUint32(2, numbers[0]!)
  return frame
}

const PUBLIC_FRAME = new Uint8Array(60).fill(0x80)
const FRAMES = [frameUnder(0), frameUnder(7, 2), PUBLIC_FRAME, frameUnder(3), frameUnder(1), frameUnder(4)]

async function sealed(): Promise<{ disk: SimulatedDisk; segments: Segments }> {
  const disk = new SimulatedDisk({ random: new SeededRandom(1) })
  const limits = { entriesMax: 2, bytesMax: 1_000 }
  const segments = await Segments.open(disk, DIRECTORY, LEDGER_ID, () => {}, limits)
  await segments.begin()
  segments.apply(0, FRAMES)
  await segments.flush()
  return { disk, segments }
}

const newStore = (): SqliteStateStore => new SqliteStateStore(':memory:')

describe('the number of keys needed', () => {
  test('is one more than the highest number in any sealed segment', async () => {
    const { segments } = await sealed()
    const needed = new KeysNeeded(newStore(), 'test')
    await needed.catchUp(segments)
    expect(needed.count).toBe(8)
  })

  test('is remembered, so that no segment is read twice', async () => {
    const { disk, segments } = await sealed()
    const store = newStore()
    const first = new KeysNeeded(store, 'test')
    first.take(FRAMES)
    first.remember(segments.durable())
    const calls = disk.calls
    const second = new KeysNeeded(store, 'test')
    await second.catchUp(segments)
    expect(second.count).toBe(8)
    expect(disk.calls).toBe(calls)
  })

  test('comes from the frames that are whole when others are damaged', async () => {
    const { disk, segments } = await sealed()
    disk.flipBit(`${DIRECTORY}/000000000000.seg`, 36 + FRAMES[0]!.length + 20, 1)
    disk.flipBit(`${DIRECTORY}/000000000002.seg`, (await disk.size(`${DIRECTORY}/000000000002.seg`))! - 20, 1)
    const needed = new KeysNeeded(newStore(), 'test')
    await needed.catchUp(segments)
    expect(needed.count).toBe(5)
  })
})
