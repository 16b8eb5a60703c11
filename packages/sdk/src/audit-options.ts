import type { Decision, DecisionContext } from './decision.ts'

/** What is recorded with every call, and how a call becomes a decision. */
export interface AuditOptions<Args extends unknown[], Result> extends DecisionContext {
  modelId: string
  /**
   * What to record as `input`; `false` for nothing. Default: the argument, or the array of arguments when there are
   * several. Taken before the call, since a function may change what it is given.
   */
  input?: false | ((...args: Args) => unknown)
  /** What to record as `prediction`; `false` for nothing but "[not captured]". Default: the result. */
  output?: false | ((result: Awaited<Result>) => unknown)
  /** What to record as `prediction` of a stream, made of its parts. Default: one text of texts, a list of anything else. */
  combine?: (parts: readonly unknown[]) => unknown
  /** Further fields of a stream, known from its parts. */
  describeStream?: (parts: readonly unknown[]) => Partial<Decision>
  /** Further fields, known only after the call: a confidence, a status, the person affected. */
  describe?: (result: Awaited<Result>, ...args: Args) => Partial<Decision>
  /**
   * Why the result came out so: fields of an explanation, or its words. Asked for after each call whose `riskTier` is high or critical,
   * and of the last 1,000 others when `explain` of the client is called.
   */
  explain?: (result: Awaited<Result>, ...args: Args) => unknown
  /** A digest of the model in use now: recorded as `modelChecksum`, and compared when something is explained later. */
  modelDigest?: () => string | undefined
  /** A call that has not ended after so long is recorded as `timeout`. It goes on, and its caller sees nothing of this. */
  timeoutMs?: number
  /** Told the id of each decision. */
  onRecorded?: (decisionId: string) => void
}
