/**
 * The AI systems of a ledger by name. The ledger knows them only by server-minted slugs (`s1`, `s2` …); each name lies in the
 * sealed `system.declared` record that is written before the first entry of that system.
 */
import type { StateStore } from '../platform/state-store.ts'

export interface System {
  name: string
  slug: string
}

export class Systems {
  readonly #store: StateStore
  readonly #ledger: string
  readonly #byName = new Map<string, System>()
  readonly #bySlug = new Map<string, System>()
  readonly #declaring = new Map<string, Promise<string>>()
  #unstored: System[] = []
  #minted = 0

  constructor(store: StateStore, ledger: string) {
    this.#store = store
    this.#ledger = ledger
    store.run(
      'CREATE TABLE IF NOT EXISTS systems (ledger TEXT, slug TEXT, name TEXT, PRIMARY KEY (ledger, slug)) WITHOUT ROWID',
    )
    for (const row of store.all('SELECT slug, name FROM systems WHERE ledger = ?', ledger)) {
      this.#remember(String(row.slug), String(row.name))
    }
  }

  all(): System[] {
    return [...this.#byName.values()]
  }

  nameOf(slug: string): string | undefined {
    return this.#bySlug.get(slug)?.name
  }

  slugOf(name: string): string | undefined {
    return this.#byName.get(name)?.slug
  }

  /** The slug of a system, declaring it through `declare` first when it is new; concurrent callers share one declaration. */
  ensure(name: string, declare: (slug: string) => Promise<void>): Promise<string> | string {
    const known = this.#byName.get(name)
    if (known) return known.slug
    const running = this.#declaring.get(name)
    if (running) return running
    this.#minted += 1
    const slug = `s${this.#minted}`
    const declaring = declare(slug)
      .then(() => slug)
      .finally(() => this.#declaring.delete(name))
    this.#declaring.set(name, declaring)
    return declaring
  }

  /** Takes a declaration found in the ledger; kept in memory until `store`. */
  apply(slug: string, name: string): void {
    if (this.#bySlug.has(slug)) return
    this.#remember(slug, name)
    this.#unstored.push({ slug, name })
  }

  /** Writes what was applied; call inside a transaction of the state store, and `stored` once that is done. */
  store(): void {
    const sql = 'INSERT OR REPLACE INTO systems (ledger, slug, name) VALUES (?, ?, ?)'
    for (const { slug, name } of this.#unstored) this.#store.run(sql, this.#ledger, slug, name)
  }

  stored(): void {
    this.#unstored = []
  }

  #remember(slug: string, name: string): void {
    const system = { name, slug }
    this.#byName.set(name, system)
    this.#bySlug.set(slug, system)
    this.#minted = Math.max(this.#minted, Number(slug.slice(1)) || 0)
  }
}
