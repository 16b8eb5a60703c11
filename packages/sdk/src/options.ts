import type { DecisionContext } from './decision.ts'
import type { OnError } from './issue.ts'
import type { Receipt } from './receipts.ts'

/** What every client may be told. */
interface ClientOptions {
  /** The system decisions belong to that name none; the server calls it `default` when absent. */
  system?: string
  /** What every decision carries that says nothing else: an environment, a deployer. */
  context?: DecisionContext
  /** Decisions per request; as soon as so many wait they are sent. Default 100. */
  batchSize?: number
  /** The longest a decision waits for others. Default 5000. */
  flushIntervalMs?: number
  /** How many decisions may wait while the server is slow or away. Default 10,000. */
  maxQueuedRecords?: number
  /** How much text may wait, in characters. Default 64 Mi. */
  maxQueuedCharacters?: number
  /** `false`: `input`, `inputFeatures` and `messages` are left out before anything is kept, and the `result` of an action. Default true. */
  includeInputs?: boolean
  /** `false`: what a model said is left out; `prediction` says "[not captured]". So are `input` and `result` of an action. Default true. */
  includeOutputs?: boolean
  /**
   * Looks at each record before it is kept anywhere, and gives back what shall be kept of it: the same object, changed or not, or another.
   * It is a copy, plain JSON. A record for which it gives nothing back, or throws, is not kept and is declared lost.
   */
  redact?: (record: Record<string, unknown>) => Record<string, unknown> | undefined
  /** Told of everything that goes wrong. Default: one line on the console. */
  onError?: OnError
}

/** Sends to a server. */
export interface DeponentOptions extends ClientOptions {
  sink?: 'http'
  /** Where the server is, for example `http://127.0.0.1:4600`. */
  url: string
  /** Sent as `Authorization: Bearer`. */
  key: string
  /** Requests are compressed (gzip) where the host can do that. Default true. */
  compress?: boolean
  /**
   * A directory of its own where batches wait while the server is away, also for the next process. They are sealed to the server's key,
   * which the client learns from its first answer and keeps there.
   */
  spool?: SpoolOptions
  /** How many receipts are kept for `receipt`. Default 1,000. */
  receiptsKept?: number
  /** Told of each receipt as it comes, to be kept elsewhere. */
  onReceipt?: (receipt: Receipt) => void
  /**
   * Under which name decisions are numbered, so that the ledger shows when one is missing: 1 to 64 letters, digits, dots, dashes,
   * underscores. It must be the emitter's own where the key is an emitter's. Default: the system and eight random digits. `false`: they are
   * not numbered.
   */
  emitterId?: string | false
  /** How often the client says it is alive and how far its numbers went, from the first decision on. Default 60,000; 0 for never. */
  heartbeatMs?: number
  /** One attempt to send. Default 30,000. */
  requestTimeoutMs?: number
  /** Default: the global one. */
  fetch?: typeof fetch
}

export interface SpoolOptions {
  directory: string
  /** Bytes on the disk at most. Default 256 MiB. */
  maxBytes?: number
  /** How long a batch may wait before it is deleted and declared lost. Default 7 days. */
  ttlMs?: number
  /** Base64 of the server's key, where it has to be known before the first answer. */
  sealingKey?: string
  /** `true`: what waits on the disk can be read by whoever reads the disk. Only for who says so. Default false. */
  plaintext?: boolean
}

/** Writes lines of JSON instead, which `deponent import` reads later. Nothing is numbered, promised or proven. */
export interface SinkOptions extends ClientOptions {
  /** Standard output, or a file that is appended to. */
  sink: 'stdout' | { file: string }
  /**
   * Whoever is named, and what identifies somebody or opens something by its name or its form, is replaced by a keyed hash, by the rules
   * of docs/privacy.md. `false`: written as it is. Default true.
   */
  hashSensitive?: boolean
  /** The secret of those hashes: the same one gives the same hashes. Default: a new one for each client. */
  hashKey?: string
}

/** Either. */
export type AnyOptions = DeponentOptions | SinkOptions
