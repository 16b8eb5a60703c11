/** Where stretches are checked: in this thread, or spread over others. Either way they come back in the order of the ledger. */
import { TILE_WIDTH } from '@deponent/format'
import { type Disk, realDisk } from '../platform/disk.ts'
import { moduleBeside, WorkerThread } from '../platform/worker.ts'
import type { LedgerWalk } from './ledger-walk.ts'
import { type CheckedStretch, type Stretch, StretchCheck, type StretchPlace } from './stretch.ts'

/** Tiles of a stretch: enough that handing it over costs nothing beside it, few enough that all threads end at about the same time. */
const TILES_EACH = 8

/** Stretches that each thread has before it or in hand, so that none waits for the one who takes them. */
const STRETCHES_EACH = 2

/** About as many payloads are opened in the time that a thread takes to start. */
const ENTRIES_A_THREAD = 2_048

export interface StretchThreads {
  /** How many stretches may be on their way at once. */
  readonly width: number
  check(stretch: Stretch): Promise<CheckedStretch>
  close(): Promise<void>
}

/** How many of the `available` threads the payloads of so many entries are worth. */
export function threadsFor(entries: number, available: number): number {
  return Math.min(available, Math.floor(entries / ENTRIES_A_THREAD))
}

/**
 * Checks stretches in `threads` threads besides this one; in this one when there are fewer than 2, and when the disk is a twin of the
 * real one, which other threads cannot read.
 */
export function stretchThreads(disk: Disk, place: StretchPlace, threads: number): StretchThreads {
  return threads > 1 && disk === realDisk ? new OtherThreads(place, threads) : new ThisThread(disk, place)
}

/** Every stretch of a ledger, in order; the walk has taken its tiles when it is given. `tilesEach`: how many tiles make one. */
export async function* stretchesOf(
  walk: LedgerWalk,
  threads: StretchThreads,
  tilesEach = TILES_EACH,
): AsyncGenerator<CheckedStretch> {
  const onTheirWay: Promise<CheckedStretch>[] = []
  for (let from = 0; from < walk.tileCount || onTheirWay.length > 0; from += tilesEach) {
    if (from < walk.tileCount) onTheirWay.push(threads.check(stretchOf(walk, from, tilesEach)))
    if (onTheirWay.length < threads.width && from + tilesEach < walk.tileCount) continue
    const stretch = await onTheirWay.shift()!
    for (const { summary } of stretch.tiles) await walk.take(summary)
    yield stretch
  }
  walk.finish()
}

function stretchOf({ logged, tileCount }: LedgerWalk, from: number, tilesEach: number): Stretch {
  const to = Math.min(from + tilesEach, tileCount)
  return { from, to, logged: logged.part(from * TILE_WIDTH, to * TILE_WIDTH) }
}

class ThisThread implements StretchThreads {
  readonly width = 1
  readonly #check: StretchCheck

  constructor(disk: Disk, place: StretchPlace) {
    this.#check = new StretchCheck(disk, place)
  }

  check(stretch: Stretch): Promise<CheckedStretch> {
    return this.#check.check(stretch)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

interface BusyThread {
  readonly thread: WorkerThread<Stretch, CheckedStretch>
  waiting: number
}

class OtherThreads implements StretchThreads {
  readonly width: number
  readonly #threads: readonly BusyThread[]

  constructor(place: StretchPlace, threads: number) {
    const module = moduleBeside(import.meta.url, 'stretch-worker')
    this.#threads = Array.from({ length: threads }, () => ({
      thread: new WorkerThread(module, place),
      waiting: 0,
    }))
    this.width = threads * STRETCHES_EACH
  }

  check(stretch: Stretch): Promise<CheckedStretch> {
    const least = this.#threads.reduce((a, b) => (b.waiting < a.waiting ? b : a))
    least.waiting += 1
    const checked = least.thread.ask(stretch, [stretch.logged.bytes.buffer])
    // A failure is met when the stretch is taken; here it is only counted.
    const done = (): void => {
      least.waiting -= 1
    }
    checked.then(done, done)
    return checked
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ thread }) => thread.close()))
  }
}
