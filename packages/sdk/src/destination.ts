import type { Queued } from './queue.ts'

/** Where records go from the queue. */
export interface Destination {
  /** Records neither judged nor declared lost. */
  readonly unsettled: number
  /** Whether something is under way or waiting. */
  readonly isBusy: boolean
  /** Begins, or goes on; resolves when nothing is left that can be dealt with now. */
  run(): Promise<void>
  /** Ends a wait between two attempts. */
  hurry(): void
  /** Ends, and gives back what cannot be kept any more. */
  stop(): Promise<Queued[]>
}
