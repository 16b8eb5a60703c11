/** What the parent tells the child in its first line. It holds keys, so it travels by pipe, not by arguments or a file. */
export interface StartLine {
  /** The engine's data directory; created when missing. */
  readonly directory: string
  /** Every request must carry it (`X-ClickHouse-Key`, or the password of Basic authorization). */
  readonly key: string
  readonly limits: EngineLimits
  /** 64 hex digits of the key all parts are encrypted with on disk; they lie there in the clear when absent. */
  readonly sealKey?: string
}

export interface EngineLimits {
  /** Worker threads of one statement. */
  readonly threads: number
  /** Memory of the whole engine, caches included. */
  readonly memoryBytesMax: number
  /** Memory of one statement. */
  readonly statementBytesMax: number
  /** Run time of a statement that asks for no other. */
  readonly statementSecondsMax: number
  /** Limits of statements that arrive with `readonly=1`: read-only, and bounded whatever they ask for. */
  readonly lockedBytesMax: number
  readonly lockedSecondsMax: number
  /** Rows such a statement gives at most; further ones are cut off. */
  readonly lockedRowsMax: number
  /** A larger answer is refused. */
  readonly lockedAnswerBytesMax: number
}

/** How the child ends, so that the parent knows what to do about it. */
export const CHILD_EXIT = {
  /** Asked to leave. */
  done: 0,
  /** The start line was missing or unreadable, or the engine could not open its data. */
  broken: 70,
  /** Another process still holds the data directory. */
  locked: 75,
} as const
