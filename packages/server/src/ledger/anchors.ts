/**
 * Anchors on disk: `anchors/<first size>.<hour or day>.jsonl`, one anchor a line. A file is only ever replaced whole and durably,
 * so there is no torn one. Hours older than a week become one file a day, in which the last anchor of each hour and every
 * anchor with a timestamp are left.
 *
 * Invariants: files and the anchors in them are in order of size; no anchor with a timestamp is ever dropped.
 */
import type { Anchor } from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import {
  type AnchorFile,
  anchorFileName,
  dayOf,
  decodeAnchors,
  encodeAnchors,
  hourOf,
  listAnchorFiles,
  type Period,
  sortAnchors,
} from './anchor-files.ts'

const KEPT_WHOLE_MS = 7 * 86_400_000
/** In how many files an anchor of a kind is looked for on one side of an entry. */
const FILES_SEARCHED_MAX = 3
/** Files kept in memory: neighbouring entries ask for the same ones. */
const FILES_REMEMBERED_MAX = 8

/** The nearest anchors on both sides of an entry. */
export interface AnchorsAround {
  /** The largest that does not hold it. */
  before?: Anchor
  /** The smallest that holds it. */
  after?: Anchor
}

export class Anchors {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #directory: string
  #files: AnchorFile[]
  readonly #remembered = new Map<string, Anchor[]>()
  #writing: Promise<void> = Promise.resolve()

  private constructor(disk: Disk, clock: Clock, directory: string, files: AnchorFile[]) {
    this.#disk = disk
    this.#clock = clock
    this.#directory = directory
    this.#files = files
  }

  static async open(disk: Disk, clock: Clock, directory: string): Promise<Anchors> {
    return new Anchors(disk, clock, directory, await listAnchorFiles(disk, directory))
  }

  /** Keeps an anchor, joined with what is kept of the same checkpoint; durable when this resolves. */
  add(anchor: Anchor): Promise<void> {
    const done = this.#writing.then(() => this.#add(anchor))
    this.#writing = done.catch(() => undefined)
    return done
  }

  /** The anchors nearest to entry `index`. */
  async around(index: number): Promise<AnchorsAround> {
    const [before, after] = [await this.#before(index), await this.#after(index)]
    return { ...(before && { before }), ...(after && { after }) }
  }

  /** The anchors that bound the time of entry `index`: the nearest on each side, and the nearest there that bear a timestamp. */
  async bounds(index: number): Promise<Anchor[]> {
    const isStamped = ({ timestamps }: Anchor): boolean => timestamps.length > 0
    const found = [
      await this.#before(index, isStamped),
      await this.#before(index),
      await this.#after(index),
      await this.#after(index, isStamped),
    ]
    return [...new Set(found.filter((anchor) => anchor !== undefined))]
  }

  /** The newest anchor, of all or of those with a timestamp. */
  latest(wanted: 'any' | 'stamped' = 'any'): Promise<Anchor | undefined> {
    return this.#before(
      Number.MAX_SAFE_INTEGER,
      wanted === 'any' ? undefined : ({ timestamps }) => timestamps.length > 0,
    )
  }

  async #before(
    index: number,
    wanted: (anchor: Anchor) => boolean = () => true,
  ): Promise<Anchor | undefined> {
    const files = this.#files.filter(({ first }) => first <= index).slice(-FILES_SEARCHED_MAX)
    for (const file of files.toReversed()) {
      const found = (await this.#load(file)).findLast((anchor) => anchor.size <= index && wanted(anchor))
      if (found) return found
    }
    return undefined
  }

  async #after(index: number, wanted: (anchor: Anchor) => boolean = () => true): Promise<Anchor | undefined> {
    // The last file that begins at or below the index may go on beyond it.
    const from = Math.max(
      0,
      this.#files.findLastIndex(({ first }) => first <= index),
    )
    for (const file of this.#files.slice(from, from + FILES_SEARCHED_MAX)) {
      const found = (await this.#load(file)).find((anchor) => anchor.size > index && wanted(anchor))
      if (found) return found
    }
    return undefined
  }

  async #add(anchor: Anchor): Promise<void> {
    const hour = hourOf(this.#clock.now())
    const last = this.#files.at(-1)
    if (last && anchor.size < last.first) throw new Error('an anchor came later than larger ones')
    if (!last) await this.#disk.makeDirectory(this.#directory)
    const name = last?.period === hour ? last.name : anchorFileName(anchor.size, hour)
    // After a clock that stepped back the name may be that of a file of its past.
    const known = this.#files.find((file) => file.name === name)
    const anchors = sortAnchors([...(known ? await this.#readFile(known) : []), anchor])
    await this.#disk.writeDurably(`${this.#directory}/${name}`, encodeAnchors(anchors))
    this.#remembered.delete(name)
    if (known) return
    this.#files = await listAnchorFiles(this.#disk, this.#directory)
    await this.#thin()
  }

  /** Joins the hours of each day that is more than a week old. */
  async #thin(): Promise<void> {
    const end = dayOf(hourOf(this.#clock.now() - KEPT_WHOLE_MS))
    const days = new Map<Period, AnchorFile[]>()
    for (const file of this.#files) {
      const day = dayOf(file.period)
      if (day < end) days.set(day, [...(days.get(day) ?? []), file])
    }
    for (const [day, files] of days) {
      if (files.some(({ period }) => period !== day)) await this.#join(day, files)
    }
  }

  async #join(day: Period, files: readonly AnchorFile[]): Promise<void> {
    const kept: Anchor[] = []
    for (const file of files) {
      const anchors = await this.#readFile(file)
      const isHour = file.period !== day
      const last = anchors.length - 1
      kept.push(...anchors.filter(({ timestamps }, i) => !isHour || i === last || timestamps.length > 0))
    }
    const joined = sortAnchors(kept)
    const name = anchorFileName(joined[0]!.size, day)
    await this.#disk.writeDurably(`${this.#directory}/${name}`, encodeAnchors(joined))
    // Crash before this line: day and hours both stand, and are joined again; nothing is in them twice but itself.
    for (const file of files)
      if (file.name !== name) await this.#disk.remove(`${this.#directory}/${file.name}`)
    await this.#disk.syncDirectory(this.#directory)
    this.#files = await listAnchorFiles(this.#disk, this.#directory)
    this.#remembered.clear()
  }

  /** The anchors of a file, from memory where it can be; what is written meanwhile is in the next answer. */
  async #load(file: AnchorFile): Promise<Anchor[]> {
    const remembered = this.#remembered.get(file.name)
    if (remembered) return remembered
    const writing = this.#writing
    const anchors = await this.#readFile(file)
    if (this.#writing !== writing) return anchors
    const [oldest] = this.#remembered.keys()
    if (oldest !== undefined && this.#remembered.size >= FILES_REMEMBERED_MAX) this.#remembered.delete(oldest)
    this.#remembered.set(file.name, anchors)
    return anchors
  }

  async #readFile({ name }: AnchorFile): Promise<Anchor[]> {
    const bytes = await this.#disk.read(`${this.#directory}/${name}`)
    return bytes ? decodeAnchors(bytes) : []
  }
}
