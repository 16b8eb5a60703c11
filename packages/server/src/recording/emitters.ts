/**
 * The emitters of a ledger: by which slug the ledger knows each, and what is known of the numbers of each of its epochs. Follows the
 * ledger; everything but `resends` can be rebuilt from ledger and vault.
 */
import { EpochTally, type EmitterStatement, type HeadJudgement, type NumberedEntry } from '@deponent/format'
import type { StateStore } from '../platform/state-store.ts'

/** Epochs kept in memory; the others lie in the store. */
const LOADED_MAX = 512

export interface KnownEmitter {
  readonly name: string
  readonly slug: string
  /** The system it was first heard from. */
  readonly system: string
  readonly declaredAt: number
  /** The identity that alone records under its name; absent where it was first heard from through the token of first start. */
  readonly owner?: string
}

/** An emitter's numbering within one epoch. */
export interface EmitterEpoch {
  readonly emitter: KnownEmitter
  readonly epoch: number
  readonly tally: EpochTally
  /** Resends of records it had sent before, answered and not recorded again; counted since the state was last rebuilt. */
  readonly resends: number
}

interface Loaded {
  tally: EpochTally
  resends: number
  isDirty: boolean
}

export class Emitters {
  readonly #store: StateStore
  readonly #ledger: string
  readonly #byName = new Map<string, KnownEmitter>()
  readonly #bySlug = new Map<string, KnownEmitter>()
  readonly #declaring = new Map<string, Promise<string>>()
  readonly #loaded = new Map<string, Loaded>()
  /** Losses that name no number, by slug. */
  readonly #unnumberedLosses = new Map<string, number>()
  readonly #changedEmitters = new Set<KnownEmitter>()
  #minted = 0

  constructor(store: StateStore, ledger: string) {
    this.#store = store
    this.#ledger = ledger
    store.run(
      'CREATE TABLE IF NOT EXISTS emitters (ledger TEXT, slug TEXT, name TEXT, system TEXT, declared_at INTEGER, unnumbered INTEGER, PRIMARY KEY (ledger, slug)) WITHOUT ROWID',
    )
    store.run(
      'CREATE TABLE IF NOT EXISTS emitter_epochs (ledger TEXT, slug TEXT, epoch INTEGER, resends INTEGER, tally TEXT, PRIMARY KEY (ledger, slug, epoch)) WITHOUT ROWID',
    )
    store.run(
      'CREATE TABLE IF NOT EXISTS emitter_owners (ledger TEXT, slug TEXT, owner TEXT, PRIMARY KEY (ledger, slug)) WITHOUT ROWID',
    )
    const rows = store.all(
      'SELECT * FROM emitters LEFT JOIN emitter_owners USING (ledger, slug) WHERE ledger = ?',
      ledger,
    )
    for (const row of rows) {
      const [slug, name, system] = [String(row.slug), String(row.name), String(row.system)]
      const owner = row.owner === null ? {} : { owner: String(row.owner) }
      this.#remember({ slug, name, system, declaredAt: Number(row.declared_at), ...owner })
      this.#unnumberedLosses.set(slug, Number(row.unnumbered))
    }
  }

  all(): KnownEmitter[] {
    return [...this.#byName.values()]
  }

  named(name: string): KnownEmitter | undefined {
    return this.#byName.get(name)
  }

  nameOf(slug: string): string | undefined {
    return this.#bySlug.get(slug)?.name
  }

  unnumberedLosses(slug: string): number {
    return this.#unnumberedLosses.get(slug) ?? 0
  }

  /** The slug of an emitter, declaring it through `declare` first when it is new; concurrent callers share one declaration. */
  ensure(name: string, declare: (slug: string) => Promise<void>): Promise<string> | string {
    const known = this.#byName.get(name)
    if (known) return known.slug
    const running = this.#declaring.get(name)
    if (running) return running
    this.#minted += 1
    const slug = `e${this.#minted}`
    const declaring = declare(slug)
      .then(() => slug)
      .finally(() => this.#declaring.delete(name))
    this.#declaring.set(name, declaring)
    return declaring
  }

  /** Takes a declaration found in the ledger. */
  apply(emitter: KnownEmitter): void {
    if (this.#bySlug.has(emitter.slug)) return
    this.#remember(emitter)
    this.#changedEmitters.add(emitter)
  }

  /** Takes a numbered entry found in the ledger. */
  record(slug: string, epoch: number, entry: NumberedEntry): void {
    this.#changed(slug, epoch).tally.record(entry)
  }

  /** Takes a heartbeat, close or loss found in the ledger; `count`: what a loss without a number counts. */
  state(name: string, epoch: number | undefined, statement: EmitterStatement, count = 0): void {
    const emitter = this.#byName.get(name)
    if (!emitter) return
    if (epoch !== undefined && (statement.seq !== undefined || statement.kind !== 'emitter.loss')) {
      this.#changed(emitter.slug, epoch).tally.state(statement)
      return
    }
    this.#unnumberedLosses.set(emitter.slug, this.unnumberedLosses(emitter.slug) + count)
    this.#changedEmitters.add(emitter)
  }

  /** Compares a head the emitter states with its records. */
  compare(slug: string, epoch: number, seq: number, head: Uint8Array): HeadJudgement {
    return this.#changed(slug, epoch).tally.compare(seq, head)
  }

  /** Whether the number has an entry or is declared lost. */
  accountsFor(slug: string, epoch: number, seq: number): boolean {
    return this.#load(slug, epoch).tally.accountsFor(seq)
  }

  resent(slug: string, epoch: number): void {
    this.#changed(slug, epoch).resends += 1
  }

  /** The epochs of an emitter, the one first heard from last first. */
  epochs(emitter: KnownEmitter): EmitterEpoch[] {
    return [...this.#epochNumbers(emitter.slug)]
      .map((epoch): EmitterEpoch => {
        const { tally, resends } = this.#read(emitter.slug, epoch)
        return { emitter, epoch, tally, resends }
      })
      .toSorted((a, b) => (b.tally.begunAt ?? 0) - (a.tally.begunAt ?? 0) || b.epoch - a.epoch)
  }

  /**
   * Writes what changed; call inside the transaction that moves the position, or a replay would count entries twice, and `stored`
   * once that is done.
   */
  store(): void {
    for (const emitter of this.#changedEmitters) this.#storeEmitter(emitter)
    this.#writeDirty()
  }

  /** Takes what changed for written, and lets memory go of epochs beyond the newest used. */
  stored(): void {
    this.#changedEmitters.clear()
    for (const loaded of this.#loaded.values()) loaded.isDirty = false
    for (const key of this.#loaded.keys()) {
      if (this.#loaded.size <= LOADED_MAX) break
      this.#loaded.delete(key)
    }
  }

  #epochNumbers(slug: string): Set<number> {
    const rows = this.#store.all(
      'SELECT epoch FROM emitter_epochs WHERE ledger = ? AND slug = ?',
      this.#ledger,
      slug,
    )
    const loaded = [...this.#loaded.keys()].filter((key) => key.startsWith(`${slug} `))
    return new Set([
      ...rows.map(({ epoch }) => Number(epoch)),
      ...loaded.map((key) => Number(key.slice(slug.length + 1))),
    ])
  }

  #writeDirty(): void {
    for (const [key, loaded] of this.#loaded) {
      if (!loaded.isDirty) continue
      const [slug, epoch] = key.split(' ') as [string, string]
      this.#store.run(
        'INSERT OR REPLACE INTO emitter_epochs (ledger, slug, epoch, resends, tally) VALUES (?, ?, ?, ?, ?)',
        this.#ledger,
        slug,
        Number(epoch),
        loaded.resends,
        JSON.stringify(loaded.tally.toState()),
      )
    }
  }

  #changed(slug: string, epoch: number): Loaded {
    const loaded = this.#load(slug, epoch)
    loaded.isDirty = true
    return loaded
  }

  #load(slug: string, epoch: number): Loaded {
    const key = `${slug} ${epoch}`
    const loaded = this.#loaded.get(key) ?? this.#read(slug, epoch)
    this.#loaded.set(key, loaded)
    return loaded
  }

  #read(slug: string, epoch: number): Loaded {
    const loaded = this.#loaded.get(`${slug} ${epoch}`)
    if (loaded) return loaded
    const row = this.#store.get(
      'SELECT resends, tally FROM emitter_epochs WHERE ledger = ? AND slug = ? AND epoch = ?',
      this.#ledger,
      slug,
      epoch,
    )
    const tally = new EpochTally(row && (JSON.parse(String(row.tally)) as ReturnType<EpochTally['toState']>))
    return { tally, resends: Number(row?.resends ?? 0), isDirty: false }
  }

  #remember(emitter: KnownEmitter): void {
    this.#byName.set(emitter.name, emitter)
    this.#bySlug.set(emitter.slug, emitter)
    this.#minted = Math.max(this.#minted, Number(emitter.slug.slice(1)) || 0)
  }

  #storeEmitter({ slug, name, system, declaredAt, owner }: KnownEmitter): void {
    if (owner !== undefined) {
      const sql = 'INSERT OR REPLACE INTO emitter_owners (ledger, slug, owner) VALUES (?, ?, ?)'
      this.#store.run(sql, this.#ledger, slug, owner)
    }
    this.#store.run(
      'INSERT OR REPLACE INTO emitters (ledger, slug, name, system, declared_at, unnumbered) VALUES (?, ?, ?, ?, ?, ?)',
      this.#ledger,
      slug,
      name,
      system,
      declaredAt,
      this.unnumberedLosses(slug),
    )
  }
}
