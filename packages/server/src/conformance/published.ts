/** A ledger as it shows itself to a stranger. The checks know nothing else about it. */

/** An answer to one request for a path below the ledger's address. */
export interface Served {
  readonly status: number
  readonly bytes: Uint8Array
  /** Lower-case names; undefined where the ledger was read from files. */
  readonly headers?: { get(name: string): string | null }
}

/** The verifier keys a ledger says it has. */
export interface StatedKeys {
  readonly checkpoint?: string
  readonly promise?: string
}

export interface PublishedLedger {
  /** What lies at a path such as `checkpoint` or `tile/0/000`. */
  get(path: string): Promise<Served>
  /** The keys the ledger names itself, for what no trust file says. */
  keys(): Promise<StatedKeys>
}

/** The routes beside the ledger, of a server that has them. */
export interface ServerRoutes {
  /** Posts JSON. */
  post(path: string, body: string): Promise<{ status: number; text: string }>
  get(path: string): Promise<{ status: number; text: string }>
}
