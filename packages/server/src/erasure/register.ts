/**
 * The register of erasures of one ledger: every one that was asked for and how far it has come, sealed, in
 * `keyring/<ledger>.erasures`. What was begun is besides kept outside the data directory, by key numbers, and by indices
 * where no key goes, so that a directory put back from a backup learns what it has forgotten.
 *
 * Invariants: a step is durable before it is taken; what a completed erasure need not be known by any more (scopes, keys, indices, seed)
 * is gone from the file once `settle` has run.
 */
import { dirname } from 'node:path'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { SealedJournal } from '../vault/sealed-journal.ts'
import { type Erasure, type Expiry, isExpiry } from './erasure.ts'
import { reachesBeyond, within } from './within.ts'

export interface RegisterPlace {
  disk: Disk
  random: Random
  /** File within the data directory. */
  path: string
  /** File outside of it. */
  outsidePath: string
  /** 32 bytes, used for nothing else. */
  key: Uint8Array
}

/** What the file outside says of an erasure that was begun. */
export interface BegunOutside {
  readonly id: string
  /** Keys that are destroyed; none where content went because its time was over. */
  readonly numbers: readonly number[]
  readonly expired?: ExpiredOutside
}

/** A note of no erasure: up to which size the file tells of all, where it was made again from a copy; null once that was accepted. */
export interface ReachOutside {
  readonly id: 'reach'
  readonly reach: number | null
}

/** What a note outside says of an erasure; undefined for one of none. */
export function begunIn(note: string): BegunOutside | undefined {
  const said = JSON.parse(note) as BegunOutside | ReachOutside
  return 'reach' in said ? undefined : said
}

/** Up to which size the notes of a file tell of all erasures; undefined when they always did. */
export function reachOf(notes: readonly string[]): number | undefined {
  const said = notes.map((note) => JSON.parse(note) as BegunOutside | ReachOutside)
  const last = said.findLast((one) => 'reach' in one)
  return last && 'reach' in last ? (last.reach ?? undefined) : undefined
}

/** A note of no erasure: of what expired by the file outside, and is not known here, only entries below `end` were never others. */
interface EndHere {
  readonly id: string
  readonly end: number
}

/** Of what expired: by what terms, where it was, and the set (hex root) by which an entry of the ledger says that it is done. */
export interface ExpiredOutside extends Pick<Expiry, 'policy' | 'policyVersion' | 'planDigest'> {
  readonly setRoot: string
  readonly indices: readonly number[]
}

/** An erasure of which only the file outside tells, as it is done again: by its keys. `seed`: hex, 32 random bytes. */
export function repeated(
  { id, numbers }: BegunOutside,
  { now, seed }: { now: number; seed: string },
): Erasure {
  return {
    id,
    ground: 'other',
    requestedAt: now,
    request: {
      scopes: [],
      ground: 'other',
      reason: 'erased before; repeated after an older copy of the directory was put back',
      by: { id: 'server', name: 'deponent', role: 'server' },
    },
    isRepeated: true,
    needsApproval: false,
    plan: { seed, numbers },
  }
}

/**
 * A file that a directory put back from a backup has beside its keyring when erasures may have been that nobody knows of there: the journal
 * outside was lost, or is older than a checkpoint that is known.
 */
export const unknownErasuresPath = (keyringDirectory: string, ledger: string): string =>
  `${keyringDirectory}/${ledger}.erasures-unknown`

export class ErasureRegister {
  readonly #place: RegisterPlace
  readonly #journal: SealedJournal
  readonly #outside: SealedJournal
  readonly #erasures = new Map<string, Erasure>()
  /** By id of what only the file outside tells of. */
  readonly #ends = new Map<string, number>()

  private constructor(place: RegisterPlace, journal: SealedJournal, outside: SealedJournal) {
    this.#place = place
    this.#journal = journal
    this.#outside = outside
    for (const note of journal.found) this.#take(JSON.parse(note) as Erasure | EndHere)
  }

  /** Reads both files; writes nothing. FormatError `keyring_damaged`. */
  static async open(place: RegisterPlace): Promise<ErasureRegister> {
    const { disk, random, path, outsidePath, key } = place
    const journal = await SealedJournal.open({ disk, random, path, key })
    const outside = await SealedJournal.open({ disk, random, path: outsidePath, key })
    return new ErasureRegister(place, journal, outside)
  }

  all(): Erasure[] {
    return [...this.#erasures.values()]
  }

  get(id: string): Erasure | undefined {
    return this.#erasures.get(id)
  }

  /**
   * Before anything is recorded in a life of a ledger of `size` entries: from here on nothing is about an entry behind them. Such an entry
   * was lost where the ledger was put back to an older copy of itself, and another takes its place.
   */
  async begin(size: number, entryOf: (setRoot: string) => number | undefined): Promise<void> {
    const shorter = this.all().flatMap((erasure) =>
      reachesBeyond(erasure, size) ? [within(erasure, size)] : [],
    )
    for (const erasure of shorter) this.#take(erasure)
    this.forget(shorter.filter((erasure) => isExpiry(erasure) && erasure.plan?.indices?.length === 0))
    const fresh = this.forgotten(entryOf).filter(({ expired, id }) => expired && !this.#ends.has(id))
    for (const { id } of fresh) this.#take({ id, end: size })
    if (shorter.length > 0 || fresh.length > 0) await this.settle()
  }

  /** Of these that were forgotten, `repeats` are done again, and the others have nothing here. */
  async repeat(forgotten: readonly BegunOutside[], repeats: readonly Erasure[]): Promise<void> {
    if (forgotten.length === 0) return
    const ids = new Set(repeats.map(({ id }) => id))
    for (const { id } of forgotten) if (!ids.has(id)) this.#take({ id, end: 0 })
    for (const erasure of repeats) this.#take(erasure)
    await this.settle()
  }

  /** What was begun according to the file outside, and is not known here; `entryOf` says where a set is on record. */
  forgotten(entryOf: (setRoot: string) => number | undefined): BegunOutside[] {
    const begun = this.#begunOutside()
    const done = begun.filter(({ expired }) => expired && entryOf(expired.setRoot) !== undefined)
    const known = new Set([...done.map(({ id }) => id), ...this.#erasures.keys()])
    // One that was repeated on a copy stands there twice; so does one whose keys were not known any more when it was noted.
    const forgotten = new Map<string, BegunOutside>()
    for (const note of begun) {
      const other = forgotten.get(note.id)
      if (!known.has(note.id) && (!other || other.numbers.length < note.numbers.length))
        forgotten.set(note.id, note)
    }
    return [...forgotten.values()].flatMap((note) => this.#asHere(note) ?? [])
  }

  /** Whether an erasure is completed here that the file outside does not tell of: that one is an older copy, or was lost. */
  isOutsideOlder(): boolean {
    return this.#untold().length > 0
  }

  /** Makes the file outside tell of every erasure that is completed here, as far as it is still known what it was about. */
  async completeOutside(): Promise<void> {
    await this.begun(this.#untold().map(({ id }) => ({ id, numbers: [] })))
    const accepted: ReachOutside = { id: 'reach', reach: null }
    if (reachOf(this.#outside.found) !== undefined) await this.#outside.append([JSON.stringify(accepted)])
  }

  /** Takes erasures as they are from here on; durable when this resolves. */
  async put(erasures: readonly Erasure[]): Promise<void> {
    await this.#journal.append(erasures.map((erasure) => JSON.stringify(erasure)))
    for (const erasure of erasures) this.#take(erasure)
  }

  /** Lets go of erasures that are done; gone from the file once `settle` has run. */
  forget(erasures: readonly Pick<Erasure, 'id'>[]): void {
    for (const { id } of erasures) this.#erasures.delete(id)
  }

  /** Makes known outside that these were begun. */
  async begun(erasures: readonly BegunOutside[]): Promise<void> {
    const { disk, outsidePath } = this.#place
    if (erasures.length === 0) return
    await disk.makeDirectory(dirname(outsidePath), 0o700)
    await this.#outside.append(erasures.map((begun) => JSON.stringify(begun)))
  }

  /** Makes the file outside, so that a lost one is not taken for one in which nothing stands yet. */
  async beginOutside(): Promise<void> {
    const { disk, outsidePath } = this.#place
    if ((await disk.size(outsidePath)) !== undefined) return
    await disk.makeDirectory(dirname(outsidePath), 0o700)
    await disk.writeDurably(outsidePath, new Uint8Array(0), 0o600)
  }

  /** Writes the register again with nothing in it but how each erasure stands; makes durable what was read. */
  settle(): Promise<void> {
    const ends = [...this.#ends].map(([id, end]): EndHere => ({ id, end }))
    return this.#journal.rewrite([...ends, ...this.all()].map((note) => JSON.stringify(note)))
  }

  async close(): Promise<void> {
    await this.#journal.close()
    await this.#outside.close()
  }

  #begunOutside(): BegunOutside[] {
    return this.#outside.found.flatMap((note) => begunIn(note) ?? [])
  }

  #untold(): Erasure[] {
    const begun = new Set(this.#begunOutside().map(({ id }) => id))
    return this.all().filter(({ id, outcome }) => outcome !== undefined && !begun.has(id))
  }

  /** What the file outside tells of, as far as it is about entries that were never others; undefined when it is about none. */
  #asHere(begun: BegunOutside): BegunOutside | undefined {
    const { expired, id } = begun
    if (!expired) return begun
    const end = this.#ends.get(id) ?? Infinity
    const indices = expired.indices.filter((index) => index < end)
    return indices.length === 0 ? undefined : { ...begun, expired: { ...expired, indices } }
  }

  #take(note: Erasure | EndHere): void {
    if ('end' in note) this.#ends.set(note.id, note.end)
    else this.#erasures.set(note.id, note)
  }
}
