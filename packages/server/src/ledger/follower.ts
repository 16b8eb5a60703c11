import type { FrameContent } from './wal-frame.ts'

/** Something that keeps what frames carry beside the entries, in index order. */
export interface Follower {
  readonly name: string
  /** Everything below this index is durable with the follower. */
  durable(): number
  /** Takes a durable frame; entries it already has are skipped by it. Must not throw. */
  apply(frame: FrameContent): void
  /** Makes everything applied durable. */
  flush(): Promise<void>
  /** True when it is too far behind to take more. */
  overloaded?(): boolean
}
