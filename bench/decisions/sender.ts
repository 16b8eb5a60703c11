/** One way of handing a batch to a target. Everything that can be prepared is prepared before the clock runs. */

import type { Decision } from './workload.ts'
import type { TableKind } from './postgres-tables.ts'
import { httpSender } from './http-sender.ts'
import { postgresSender } from './postgres-sender.ts'

/** Where the client sends to. */
export type Destination =
  | { protocol: 'http'; url: string; token: string }
  | { protocol: 'postgres'; url: string; table: TableKind }

export interface Acknowledgement {
  /** Index of the batch's last entry in the ledger, where the target has one. */
  lastIndex?: number
  /** How often the target asked to come back later. */
  retries: number
}

export interface Sender {
  /** Resolves once the target has promised that the batch is durable; a batch it does not keep whole is an error. */
  send(batch: number): Promise<Acknowledgement>
  close(): Promise<void>
}

/** A sender of these batches over at most `connections` connections, open and ready. */
export function senderTo(
  destination: Destination,
  batches: readonly Decision[][],
  connections: number,
): Promise<Sender> {
  return destination.protocol === 'http'
    ? httpSender(destination.url, destination.token, batches, connections)
    : postgresSender(destination.url, destination.table, batches, connections)
}
