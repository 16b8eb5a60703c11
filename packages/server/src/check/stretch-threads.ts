/** Where stretches are checked: in this thread, or spread over others. Either way they come back in the order of the ledger. */
import { TILE_WIDTH } from '@deponent/format'
import { type Disk, realDisk } from '../platform/disk.ts'
import { moduleBeside, WorkerThread } from '../platform/worker.ts'
import { LoggedEntries } from './logged-entries.ts'
import type { LedgerWalk } from './ledger-walk.ts'
import { type CheckedStretch, type Stretch, StretchCheck, type StretchPlace } from './stretch.ts'

/** Tiles of a stretch: enough that handing it over costs nothing beside it, few enough that all threads end at about the same time. */
const TILES_EACH = 4

/** Stretches for each thread that may be on their way at once: while one is slow, the others go on. */
const STRETCHES_AHEAD = 6

/** About as many payloads are opened in the time that a thread takes to start. */
const ENTRIES_A_THREAD = 2_048

/** One that checks stretches, in whichever thread: those it is given before it is done wait for their turn. */
export interface Checker {
  /** Settles when it could begin at once. */
  readonly ready: Promise<unknown>
  /** How many it is given at a time, so that it need not wait to be given another. */
  readonly room: number
  check(stretch: Stretch): Promise<CheckedStretch>
  close(): Promise<void>
}

/** How many of the `available` threads the payloads of so many entries are worth. */
export function threadsFor(entries: number, available: number): number {
  return Math.min(available, Math.floor(entries / ENTRIES_A_THREAD))
}

/**
 * Checks stretches in `threads` threads, this one among them; in this one alone when the disk is a twin of the real one, which other
 * threads cannot read.
 */
export function stretchThreads(disk: Disk, place: StretchPlace, threads: number): Checkers {
  const others = disk === realDisk ? Math.max(0, threads - 1) : 0
  return new Checkers([
    ...Array.from({ length: others }, () => new OtherThread(place)),
    new ThisThread(disk, place),
  ])
}

/** Every stretch of a ledger, in order; the walk has taken its tiles when it is given. */
export async function* stretchesOf(walk: LedgerWalk, threads: Checkers): AsyncGenerator<CheckedStretch> {
  const { tilesEach } = threads
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

class ThisThread implements Checker {
  readonly ready = Promise.resolve()
  readonly room = 1
  readonly #check: StretchCheck
  #last: Promise<unknown> = Promise.resolve()

  constructor(disk: Disk, place: StretchPlace) {
    this.#check = new StretchCheck(disk, place)
  }

  check(stretch: Stretch): Promise<CheckedStretch> {
    const checked = this.#last.then(() => this.#check.check(stretch))
    this.#last = checked.catch(() => undefined)
    return checked
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

export class OtherThread implements Checker {
  readonly ready: Promise<unknown>
  readonly room = 2
  readonly #worker: WorkerThread<Stretch, CheckedStretch>

  constructor(place: StretchPlace) {
    this.#worker = new WorkerThread(moduleBeside(import.meta.url, 'stretch-worker'), place)
    // A stretch of no tiles is answered as soon as everything is loaded.
    this.ready = this.check({ from: 0, to: 0, logged: LoggedEntries.none().part(0, 0) })
  }

  check(stretch: Stretch): Promise<CheckedStretch> {
    return this.#worker.ask(stretch, [stretch.logged.bytes.buffer])
  }

  close(): Promise<void> {
    return this.#worker.close()
  }
}

interface Asked {
  readonly stretch: Stretch
  resolve(checked: Promise<CheckedStretch>): void
}

/**
 * Gives each stretch to the first checker that has room, so that one which is slow is given fewer; the one in this thread works alone until
 * the others have started.
 */
export class Checkers {
  /** How many stretches may be on their way at once. */
  readonly width: number
  readonly tilesEach: number
  readonly #checkers: readonly Checker[]
  /** Once for each stretch that it could be given. */
  readonly #room: Checker[] = []
  readonly #asked: Asked[] = []

  constructor(checkers: readonly Checker[], tilesEach = TILES_EACH) {
    this.#checkers = checkers
    this.tilesEach = tilesEach
    this.width = checkers.length === 1 ? 1 : checkers.length * STRETCHES_AHEAD
    for (const checker of checkers) {
      const begin = (): void => this.#makeRoom(...Array.from({ length: checker.room }, () => checker))
      // One that died while it started is asked all the same: whoever waits for the answer is told.
      checker.ready.then(begin, begin)
    }
  }

  check(stretch: Stretch): Promise<CheckedStretch> {
    const checked = new Promise<CheckedStretch>((resolve) => this.#asked.push({ stretch, resolve }))
    // A failure is met when the stretch is taken; until then nobody listens.
    checked.catch(() => undefined)
    this.#handOut()
    return checked
  }

  #handOut(): void {
    while (this.#asked.length > 0 && this.#room.length > 0) {
      const checker = this.#room.shift()!
      const { stretch, resolve } = this.#asked.shift()!
      const checked = checker.check(stretch)
      resolve(checked)
      const done = (): void => this.#makeRoom(checker)
      checked.then(done, done)
    }
  }

  #makeRoom(...checkers: Checker[]): void {
    this.#room.push(...checkers)
    this.#handOut()
  }

  async close(): Promise<void> {
    this.#asked.length = 0
    await Promise.all(this.#checkers.map((checker) => checker.close()))
  }
}
