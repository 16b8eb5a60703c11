import { leafHashes, parseCheckpoint, parseNote, rootFromInclusion, rootOf } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { OutcomeUnknown } from '../../packages/server/src/ledger/errors.ts'
import type { Ledger } from '../../packages/server/src/ledger/ledger.ts'
import { Signer } from '../../packages/server/src/ledger/signer.ts'
import { ledgerIdOf } from '../../packages/server/src/ledger/wal-frame.ts'
import { scanWal } from '../../packages/server/src/ledger/wal-scan.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import type { Disk } from '../../packages/server/src/platform/disk.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import { entryIdOf } from '../../packages/server/src/recording/entry-id.ts'
import { interposed } from '../platform/interposed-disk.ts'
import { checkpointKey, drafts, openLedger, ORIGIN } from './open-ledger.ts'

const PLACE = { directory: '/data/ledger', signerDirectory: '/state' }
const PUBLISH_MS = 200
const PAGE = 4_096

const newDisk = (seed: number | string = 1): SimulatedDisk =>
  new SimulatedDisk({ random: new SeededRandom(seed) })

/** One life of the ledger on `disk`, with its clock. */
async function begin(disk: Disk, walPages = 24): Promise<{ ledger: Ledger; clock: TestClock }> {
  const clock = new TestClock()
  return { ledger: await openLedger(PLACE, { disk, clock, walFileBytes: walPages * PAGE }), clock }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await Promise.resolve()
}

/** Publishes what is there and lets everything that follows from it happen. */
async function publish(clock: TestClock): Promise<void> {
  clock.advance(PUBLISH_MS)
  await turns(5_000)
}

/** A life in which one entry is appended and published, as far as the disk lets it. */
async function publishedLife(disk: Disk): Promise<void> {
  try {
    const { ledger, clock } = await begin(disk)
    await ledger.append(drafts(1))
    await publish(clock)
  } catch {
    // It ended early.
  }
}

/** What a ledger opened on `disk` holds; it must not be refused. */
async function sizeOn(disk: Disk): Promise<number> {
  const { ledger } = await begin(disk)
  expect(ledger.refusal).toBeUndefined()
  const { size } = ledger
  await ledger.close()
  return size
}

describe('after a restart the ledger', () => {
  test('reads on past a log file that a larger frame had to skip', async () => {
    const disk = newDisk()
    const { ledger } = await begin(disk, 8)
    for (const bytes of [20_000, 100_000, 100]) await ledger.append(drafts(1, bytes))
    await ledger.close()
    expect(await sizeOn(disk.powerCut())).toBe(3)
  })

  test('knows how far it reached although the newest log file never got its first frame', async () => {
    for (let seed = 0; seed < 8; seed += 1) {
      const disk = newDisk(seed)
      let isBroken = false
      const breaking = interposed(disk, {}, (file) => ({
        datasync: () => (isBroken ? Promise.reject(new Error('broken')) : file.datasync()),
      }))
      const { ledger, clock } = await begin(breaking)
      await ledger.append(drafts(256, 10))
      await publish(clock)
      isBroken = true
      await expect(ledger.append(drafts(256, 10))).rejects.toThrow(OutcomeUnknown)
      await ledger.close()
      expect([256, 512]).toContain(await sizeOn(disk.powerCut()))
    }
  })

  test('has the entries of a tile it completed, when the log held only the last of them', async () => {
    for (let seed = 0; seed < 8; seed += 1) {
      const disk = newDisk(seed)
      const first = await begin(disk)
      for (let i = 0; i < 3; i += 1) await first.ledger.append(drafts(300, 10))
      await publish(first.clock)
      await first.ledger.close()
      const cut = disk.powerCut()
      const second = await begin(cut)
      await second.ledger.append(drafts(200, 10))
      await turns(500)
      expect(await sizeOn(cut.powerCut())).toBe(1_100)
    }
  })

  test('shows and proves the entries of a tile of which only the first were published', async () => {
    const disk = newDisk()
    const { ledger, clock } = await begin(disk)
    await ledger.append(drafts(300, 10))
    await publish(clock)
    const shown = [await ledger.entryTile(1, 44), await ledger.hashTile(0, 1, 44)]
    expect(shown.every((bytes) => bytes !== undefined)).toBe(true)
    await ledger.append(drafts(300, 10))
    await turns(500)
    const again = await begin(disk.powerCut())
    expect(again.ledger.size).toBe(600)
    expect(again.ledger.checkpoint?.size).toBe(600)
    expect([await again.ledger.entryTile(1, 44), await again.ledger.hashTile(0, 1, 44)]).toEqual(shown)
    expect(await again.ledger.entryTile(1, 256)).toBeDefined()
    expect(await again.ledger.entryTile(2, 88)).toBeDefined()
    expect(await again.ledger.entryTile(2, 89)).toBeUndefined()
    for (const index of [255, 256, 299, 300, 511, 512, 599]) {
      const proof = await again.ledger.inclusionProof(index, 600)
      const root = rootFromInclusion(await again.ledger.leafHash(index), index, 600, proof)
      expect(root).toEqual(parseCheckpoint(parseNote(again.ledger.checkpoint!.note).text).root)
    }
  })

  test('goes on with tiles of the third level after 67,200 entries, the log holding only the last', async () => {
    const disk = newDisk()
    const { ledger, clock } = await begin(disk)
    for (const count of [...Array<number>(16).fill(4_096), ...Array<number>(6).fill(256), 128]) {
      await ledger.append(drafts(count, 1))
      await publish(clock)
    }
    await ledger.close()
    const { frames } = await scanWal(disk, `${PLACE.directory}/wal`, ledgerIdOf(ORIGIN))
    expect(frames[0]!.content.first).toBeGreaterThan(65_536)
    expect(await disk.list(`${PLACE.directory}/tile/1`)).toEqual(['000'])
    const again = await begin(disk.powerCut())
    expect(again.ledger.refusal).toBeUndefined()
    expect(await again.ledger.hashTile(1, 0, 256)).toHaveLength(256 * 32)
    expect(await again.ledger.hashTile(2, 0, 1)).toHaveLength(32)
    await again.ledger.append(drafts(300, 1))
    await publish(again.clock)
    const { size, root } = parseCheckpoint(parseNote(again.ledger.checkpoint!.note).text)
    expect(size).toBe(67_500)
    const hashes = leafHashes(await again.ledger.entryRange(0, size))
    expect(root).toEqual(rootOf(hashes))
    for (const index of [0, 65_535, 65_536, 67_199, 67_499]) {
      const proof = await again.ledger.inclusionProof(index, size)
      expect(rootFromInclusion(hashes[index]!, index, size, proof)).toEqual(root)
    }
  })

  test('misses no log file in the middle after one could not be removed', async () => {
    const disk = newDisk()
    let removals = 0
    const stubborn = interposed(disk, {
      remove: (path) => {
        removals += 1
        return removals === 1 ? Promise.reject(new Error('stubborn')) : disk.remove(path)
      },
    })
    const { ledger, clock } = await begin(stubborn)
    for (let i = 0; i < 4; i += 1) await ledger.append(drafts(256, 10))
    await publish(clock)
    expect(ledger.refusal?.code).toBe('write_failed')
    await ledger.close()
    expect(removals).toBe(1)
    expect(await sizeOn(disk.processDeath())).toBe(1_024)
  })

  test('takes no frame for damaged because a read of it failed', async () => {
    const disk = newDisk()
    const { ledger } = await begin(disk)
    for (let i = 0; i < 3; i += 1) await ledger.append(drafts(2))
    let failures = 0
    for (let call = 1; call <= 60; call += 1) {
      const troubled = disk.powerCut({ faults: [{ call, kind: 'fails' }] })
      await begin(troubled).then(
        ({ ledger }) => expect(ledger.refusal?.code).not.toBe('wal_corrupt'),
        () => (failures += 1),
      )
      expect(await sizeOn(troubled.processDeath())).toBe(6)
    }
    expect(failures).toBeGreaterThan(10)
  })

  test('shows no checkpoint that its signer would forget in a power cut', async () => {
    for (let call = 1, hasStopped = true; hasStopped; call += 1) {
      for (let seed = 0; seed < 3; seed += 1) {
        const disk = new SimulatedDisk({ random: new SeededRandom(seed), faults: [{ call, kind: 'stops' }] })
        await publishedLife(disk)
        hasStopped = disk.hasStopped
        const next = disk.processDeath()
        const { ledger } = await begin(next)
        const shown = parseCheckpoint(parseNote(ledger.checkpoint!.note).text).size
        for (let cut = 0; cut < 4; cut += 1) {
          const signer = await Signer.open(next.powerCut(), PLACE.signerDirectory, checkpointKey, ORIGIN)
          expect(signer.head()?.size).toBeGreaterThanOrEqual(shown)
        }
      }
    }
  })
})

describe('on a disk that takes nothing the ledger', () => {
  /** A closed, published ledger of 600 entries. */
  async function closedLedger(): Promise<SimulatedDisk> {
    const disk = newDisk()
    const { ledger } = await begin(disk)
    for (let i = 0; i < 2; i += 1) await ledger.append(drafts(300, 10))
    await ledger.close()
    return disk
  }

  /** It reads and proves everything, and refuses to write. */
  async function readsOnly(disk: Disk): Promise<void> {
    const { ledger } = await begin(disk)
    expect(ledger.refusal?.code).toBe('write_failed')
    await expect(ledger.append(drafts(1))).rejects.toMatchObject({ code: 'write_failed' })
    expect(await ledger.entryRange(0, 600)).toHaveLength(600)
    expect(ledger.checkpoint?.size).toBe(600)
    expect(await ledger.inclusionProof(5, 600)).toHaveLength(10)
    await ledger.close()
  }

  test('opens for reading when the disk is full, and for writing once there is room', async () => {
    const disk = await closedLedger()
    const full = disk.processDeath({ faults: [{ call: 1, kind: 'fills' }] })
    await readsOnly(full)
    expect((await full.list(`${PLACE.directory}/wal`)).filter((name) => name.endsWith('.tmp'))).toEqual([])
    expect(await sizeOn(full.processDeath())).toBe(600)
  })

  test('opens for reading when the disk is read-only', async () => {
    const disk = await closedLedger()
    const readOnly = (): Promise<never> => Promise.reject(new Error('EROFS: read-only file system'))
    const changes = ['write', 'writeDurably', 'rename', 'remove', 'truncate', 'makeDirectory'] as const
    await readsOnly(
      interposed(disk, {
        ...Object.fromEntries(changes.map((name) => [name, readOnly])),
        open: (path, mode) => (mode === 'read' ? disk.open(path, mode) : readOnly()),
      }),
    )
    expect(await sizeOn(disk.processDeath())).toBe(600)
  })

  test('opens for reading whichever call of its start to write fails', async () => {
    const disk = await closedLedger()
    let refused = 0
    for (let call = 1; call <= 80; call += 1) {
      const failing = disk.powerCut({ faults: [{ call, kind: 'fails' }] })
      const opened = await begin(failing).catch(() => undefined)
      if (opened?.ledger.refusal) {
        refused += 1
        expect(opened.ledger.refusal.code).toBe('write_failed')
        expect(await opened.ledger.entryRange(0, 600)).toHaveLength(600)
      }
      expect(await sizeOn(failing.processDeath())).toBe(600)
    }
    expect(refused).toBeGreaterThan(15)
  })
})

describe('while it runs the ledger', () => {
  test('answers whoever appends at the moment the one before is answered', async () => {
    const { ledger } = await begin(newDisk())
    for (let depth = 0; depth < 16; depth += 1) {
      await ledger.append(drafts(1))
      await turns(depth)
      await ledger.append(drafts(1))
    }
    expect(ledger.size).toBe(32)
  })

  test('never signs twice at once, however long the signer takes', async () => {
    const disk = newDisk()
    let [running, most] = [0, 0]
    let release = (): void => {}
    let gate = Promise.resolve()
    const slow = interposed(disk, {
      writeDurably: async (path, bytes, permissions) => {
        running += 1
        most = Math.max(most, running)
        await gate
        await disk.writeDurably(path, bytes, permissions)
        running -= 1
      },
    })
    const { ledger, clock } = await begin(slow)
    gate = new Promise((resolve) => (release = resolve))
    for (let i = 0; i < 4; i += 1) {
      await ledger.append(drafts(1))
      await publish(clock)
    }
    release()
    await turns(5_000)
    expect(ledger.checkpoint?.size).toBe(4)
    expect(most).toBe(1)
  })

  test('repeats no sync that failed, because the second one may report a page that was lost', async () => {
    const disk = newDisk()
    const synced: string[] = []
    const failing = interposed(disk, {
      sync: (path) => {
        synced.push(path)
        return Promise.reject(new Error('broken'))
      },
    })
    const { ledger, clock } = await begin(failing)
    for (let i = 0; i < 3; i += 1) await ledger.append(drafts(256, 10))
    await publish(clock)
    await ledger.close()
    expect(ledger.refusal?.code).toBe('write_failed')
    expect(synced).toHaveLength(1)
    expect(await sizeOn(disk.powerCut())).toBe(768)
  })

  test('finds an id that was minted before the clock stepped back', async () => {
    const { ledger, clock } = await begin(newDisk())
    await ledger.append(drafts(1))
    const id = entryIdOf(ledger.now(), new SeededRandom('id').bytes(10))
    clock.step(-60_000)
    const { first, receivedAt } = await ledger.append([{ ...drafts(1)[0]!, id }])
    expect(receivedAt).toBeGreaterThan(clock.now())
    expect(await ledger.find(id)).toBe(first)
  })

  test('reports a clock that stepped back once, however long it stays behind', async () => {
    const clock = new TestClock()
    const steps: number[] = []
    const disk = newDisk()
    const onClockStep = (from: number, to: number): number => steps.push(to - from)
    const ledger = await openLedger(PLACE, { disk, clock, onClockStep })
    await ledger.append(drafts(1))
    clock.step(-60_000)
    for (let i = 0; i < 3; i += 1) await ledger.append(drafts(1))
    expect(steps).toEqual([-60_000])
    clock.step(-5_000)
    await ledger.append(drafts(1))
    expect(steps).toEqual([-60_000, -5_000])
  })
})
