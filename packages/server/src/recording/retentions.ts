/**
 * The retentions of a ledger. Entries name what was in force for their system when they were recorded only by server-minted slugs (`r1`,
 * `r2` …); what each stands for lies in the sealed `change` record that is written before the first entry that names it.
 */
import type { StateStore } from '../platform/state-store.ts'

/** The slug of an entry for whose system nothing is in force. */
export const NO_RETENTION_SLUG = 'unset'
/** What such a record calls what it is about. */
export const RETENTION_DECLARED = 'retention.declared'

/** A retention by what it says. */
export interface DeclaredRetention {
  readonly slug: string
  /** Hex SHA-256 of all that decides when content goes. */
  readonly digest: string
}

export class Retentions {
  readonly #store: StateStore
  readonly #ledger: string
  readonly #byDigest = new Map<string, string>()
  #unstored: DeclaredRetention[] = []
  #minted = 0
  #slugOfSystem = (_system: string): string => NO_RETENTION_SLUG

  constructor(store: StateStore, ledger: string) {
    this.#store = store
    this.#ledger = ledger
    store.run(
      'CREATE TABLE IF NOT EXISTS retentions (ledger TEXT, slug TEXT, digest TEXT, PRIMARY KEY (ledger, slug)) WITHOUT ROWID',
    )
    for (const row of store.all('SELECT slug, digest FROM retentions WHERE ledger = ?', ledger))
      this.#remember({ slug: String(row.slug), digest: String(row.digest) })
  }

  /** The slug of what entries of a system name now. */
  of(system: string): string {
    return this.#slugOfSystem(system)
  }

  /** From here on entries name the retention of their system by these slugs. */
  use(slugOfSystem: (system: string) => string): void {
    this.#slugOfSystem = slugOfSystem
  }

  slugOf(digest: string): string | undefined {
    return this.#byDigest.get(digest)
  }

  /** A slug that nothing is called by yet. */
  mint(): string {
    this.#minted += 1
    return `r${this.#minted}`
  }

  /** Takes a declaration found in the ledger; kept in memory until `store`. */
  apply(declared: DeclaredRetention): void {
    if (this.#byDigest.has(declared.digest)) return
    this.#remember(declared)
    this.#unstored.push(declared)
  }

  /** Writes what was applied; call inside a transaction of the state store, and `stored` once that is done. */
  store(): void {
    const sql = 'INSERT OR REPLACE INTO retentions (ledger, slug, digest) VALUES (?, ?, ?)'
    for (const { slug, digest } of this.#unstored) this.#store.run(sql, this.#ledger, slug, digest)
  }

  stored(): void {
    this.#unstored = []
  }

  #remember({ slug, digest }: DeclaredRetention): void {
    this.#byDigest.set(digest, slug)
    this.#minted = Math.max(this.#minted, Number(slug.slice(1)) || 0)
  }
}
