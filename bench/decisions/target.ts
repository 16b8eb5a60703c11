/** What is measured: something that keeps decisions, started empty for every run. */

import type { Destination } from './sender.ts'
import type { Decision } from './workload.ts'

export interface Target {
  /** Short and unique: the name of a row and of an option. */
  name: string
  /** One line for the reader of the table. */
  description: string
  /** Starts it with nothing in it. */
  start(): Promise<Running>
}

export interface Running {
  destination: Destination
  /** The processes that are billed, with everything they started. */
  pids: readonly number[]
  /** Whether the target has an index and a checkpoint that lag behind its acknowledgements. */
  follows: boolean
  /**
   * Looks at what was stored, outside the timed part. Anything that is not as it was sent is an error.
   * Returns what was checked, in words.
   */
  check(sent: readonly Decision[]): Promise<string>
  /** Ends it and tells what lies on disk then, for each record. */
  stop(): Promise<Footprint>
}

/** What is left on disk, for good, of one record on average. */
export interface Footprint {
  /** Bytes per record by part; undefined when the run was too short for the part to be written. */
  bytesPerRecord: Record<string, number | undefined>
  /** The same by the lengths of files, all parts together, where that is told: what a store of objects would hold. */
  lengthPerRecord?: number | undefined
  /** Where it lies, with what belongs to it, when somebody may go on with it. */
  home?: string
  /** Space that does not grow with the records, in words. */
  besides: string
}
