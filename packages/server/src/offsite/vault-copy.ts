/**
 * Copies sealed content, under locks of governance: content must be erasable, and whoever erases it passes the lock, on record.
 *
 * Invariants:
 * - what is put and what is erased take turns: nothing is read before an erasure and put after it;
 * - between a segment's first entry and the size that was copied last there is no gap: segments, and behind the last of them pieces of the
 *   log, each of which goes on where the one before ends;
 * - before a version is removed that a lock may be on, a record says so durably.
 */
import { FormatError } from '@deponent/format'
import type { Ledger } from '../ledger/ledger.ts'
import type { Disk } from '../platform/disk.ts'
import { ExplainedError } from '../platform/explained-error.ts'
import type { StoredVersion } from '../platform/object-store.ts'
import { encodeAttachment } from '../recording/attachment.ts'
import { encodeSegment, segmentName } from '../vault/segment.ts'
import type { Segments } from '../vault/segments.ts'
import type { LockedPlace } from './locked-place.ts'
import { parseVaultKey, type Run, vaultKey } from './object-keys.ts'
import { wholeSegment } from './whole-segment.ts'

/** Entries in one piece of the log. */
const PIECE_ENTRIES = 1_024
const DICTIONARY = /^dictionary-\d{6}\.dict$/
const TAIL = 'tail'

/** What is about to be removed although a lock may be on it; by numbers alone, for it outlives whom it is about. */
export interface Bypass {
  /** First entries of the segments whose older versions go. */
  readonly segments: readonly number[]
  /** How many pieces of the log go. They are small: which ones would say which entries belong together. */
  readonly pieces: number
  readonly versions: number
}

export interface VaultCopyOptions {
  readonly ledger: Pick<Ledger, 'attachments'>
  readonly ledgerId: Uint8Array
  readonly segments: Pick<Segments, 'firsts' | 'durable' | 'range'>
  readonly disk: Disk
  /** The vault's own directory. */
  readonly directory: string
  readonly place: LockedPlace
  /** Puts on record, durably, what is about to be removed past its lock. */
  bypassed(bypass: Bypass): Promise<void>
}

/** Something of an erased entry is still in the store. */
export class LeftInCopy extends ExplainedError {}

export class VaultCopy {
  readonly #options: VaultCopyOptions
  #turn: Promise<unknown> = Promise.resolve()
  /** Entries below this are in segments that were found to be copied in this life. */
  #segmentsThrough = 0
  /** Versions whose removal was put on record last, in this life. */
  #onRecord: ReadonlySet<string> = new Set()

  constructor(options: VaultCopyOptions) {
    this.#options = options
  }

  /** Brings what is sealed of the first `size` entries, as far as it is not there. */
  async copy(size: number): Promise<void> {
    const { directory, disk, place } = this.#options
    for (const name of (await disk.list(directory)).filter((each) => DICTIONARY.test(each))) {
      const key = `vault/${name}`
      const bytes =
        place.objects.get(key)?.isLive === true ? undefined : await disk.read(`${directory}/${name}`)
      if (bytes) await place.put(key, bytes, 'governance')
    }
    for (const run of this.#sealed(size)) await this.#inTurn(() => this.#putSegment(run))
    while (await this.#inTurn(() => this.#putPiece(size)));
  }

  /**
   * Puts what is left of these entries in the place of what there was, and removes every version that held more. A copy that was put while
   * the store was thought not to answer is among them.
   */
  erase(indices: readonly number[]): Promise<void> {
    const sorted = indices.toSorted((a, b) => a - b)
    return this.#inTurn(async () => {
      const found = await this.#versionsOf((run) => holdsAny(run, sorted))
      for (const key of found.keys()) await this.#putAgain(key)
      await this.#removeSurplus(found, (version) => this.#isKept(version))
    })
  }

  /** Removes every version that nothing is remembered of: it may hold what was erased while nothing was copied here. */
  removeUnknown(): Promise<void> {
    return this.#inTurn(async () => {
      const found = await this.#versionsOf(() => true)
      await this.#removeSurplus(found, (version) => this.#isKnown(version))
    })
  }

  /** Looks again whether every segment is there, and every piece of the log behind the last. */
  lookAgain(): void {
    this.#segmentsThrough = 0
    this.#options.place.objects.setNote(TAIL, '0')
  }

  /** Sealed segments within `size` that were not yet found to be copied. */
  #sealed(size: number): Run[] {
    const { segments } = this.#options
    const firsts = segments.firsts()
    const ends = [...firsts.slice(1), segments.durable()]
    return firsts.flatMap((first, i) => {
      const end = ends[i]!
      return first >= this.#segmentsThrough && end <= size ? [{ first, end }] : []
    })
  }

  async #putSegment(run: Run): Promise<void> {
    const { place } = this.#options
    const key = vaultKey(run, 'seg')
    if (place.objects.get(key)?.isLive !== true) await place.put(key, await this.#segment(run), 'governance')
    this.#segmentsThrough = run.end
    const within = place.objects.live('vault/').filter((object) => {
      const piece = parseVaultKey(object.key)
      return piece?.part === 'tail' && piece.end <= run.end
    })
    place.objects.supersede(within)
  }

  /** Puts the next piece of the log; gives whether there may be another. */
  async #putPiece(size: number): Promise<boolean> {
    const { place } = this.#options
    const first = Math.max(Number(place.objects.note(TAIL) ?? 0), this.#segmentsThrough)
    if (first >= size) return false
    const run = { first, end: Math.min(first + PIECE_ENTRIES, size) }
    await place.put(vaultKey(run, 'tail'), await this.#piece(run), 'governance')
    place.objects.setNote(TAIL, String(run.end))
    return true
  }

  /** A sealed segment as it lies on disk, whole: damage is not copied. */
  async #segment({ first }: Run): Promise<Uint8Array> {
    const { directory, disk, ledgerId } = this.#options
    const bytes = (await disk.read(`${directory}/${segmentName(first)}`)) ?? new Uint8Array(0)
    wholeSegment(ledgerId, first, bytes)
    return bytes
  }

  /** What the log carries beside these entries; of what it let go, the frames alone, which is all a segment has. */
  async #piece({ first, end }: Run): Promise<Uint8Array> {
    const { ledger, ledgerId, segments } = this.#options
    let attachments = await ledger.attachments(first, end)
    if (attachments.length < end - first)
      attachments = (await segments.range(first, end)).map((frame) => encodeAttachment({ frame }))
    if (attachments.length < end - first)
      throw new FormatError('segment_missing', `sealed payloads of entries from ${first} cannot be read`)
    return encodeSegment(ledgerId, first, attachments).bytes
  }

  /** Puts a live object as it is to be now; what is not needed any more only goes. */
  async #putAgain(key: string): Promise<void> {
    const { place } = this.#options
    const run = parseVaultKey(key)!
    if (place.objects.get(key)?.isLive !== true) return
    const bytes = run.part === 'seg' ? await this.#segment(run) : await this.#piece(run)
    await place.put(key, bytes, 'governance')
  }

  /** Every version of every object over entries that are wanted, by key. */
  async #versionsOf(isWanted: (run: Run) => boolean): Promise<Map<string, StoredVersion[]>> {
    const found = new Map<string, StoredVersion[]>()
    for await (const version of this.#options.place.listVersions('vault/')) {
      const run = parseVaultKey(version.key)
      if (!run || !isWanted(run)) continue
      found.set(version.key, [...(found.get(version.key) ?? []), version])
    }
    return found
  }

  #isKnown({ key, version, isRemoval }: StoredVersion): boolean {
    const object = this.#options.place.objects.get(key)
    return object !== undefined && object.version === version && !isRemoval
  }

  #isKept(version: StoredVersion): boolean {
    return this.#isKnown(version) && this.#options.place.objects.get(version.key)?.isLive === true
  }

  /** Removes what is not to stay, on record, and looks whether it is gone. */
  async #removeSurplus(
    found: ReadonlyMap<string, StoredVersion[]>,
    stays: (version: StoredVersion) => boolean,
  ): Promise<void> {
    const { place } = this.#options
    const surplus = [...found.values()].flat().filter((version) => !stays(version))
    if (surplus.length === 0) return
    await this.#recorded(surplus)
    for (const version of surplus) await place.remove(version, true)
    for (const key of new Set(surplus.map((version) => version.key))) {
      const left = await place.versions(key)
      if (left.length === 0) place.objects.remove(key)
      if (!left.every(stays))
        throw new LeftInCopy(
          'the store keeps versions of an object that was removed: they hold erased content',
        )
    }
  }

  /** What was on record already and could not be removed is not put on record each time that is tried again. */
  async #recorded(surplus: readonly StoredVersion[]): Promise<void> {
    const names = surplus.map(({ key, version }) => `${key} ${version}`)
    if (names.every((name) => this.#onRecord.has(name))) return
    const runs = [...new Set(surplus.map(({ key }) => key))].map((key) => parseVaultKey(key)!)
    const segments = runs.flatMap(({ first, part }) => (part === 'seg' ? [first] : []))
    await this.#options.bypassed({
      segments,
      pieces: runs.length - segments.length,
      versions: surplus.length,
    })
    this.#onRecord = new Set(names)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}

function holdsAny({ first, end }: Run, sorted: readonly number[]): boolean {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = Math.floor((from + to) / 2)
    if (sorted[middle]! < first) from = middle + 1
    else to = middle
  }
  return from < sorted.length && sorted[from]! < end
}
