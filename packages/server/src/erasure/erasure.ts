/** An erasure: what was asked, by whom, and how far it has come; and what goes without being asked for because its time is over. */
import type { CanonicalRecord } from '@deponent/format'

/** GDPR Art. 17(1)(a) to (f), or another. */
export const GROUNDS = [
  'gdpr_17_1_a',
  'gdpr_17_1_b',
  'gdpr_17_1_c',
  'gdpr_17_1_d',
  'gdpr_17_1_e',
  'gdpr_17_1_f',
  'other',
] as const
export type Ground = (typeof GROUNDS)[number]

/** Why the content of entries goes whose time is over: by a policy of the retention in force. */
export interface Expiry {
  /** Id of the policy. */
  readonly policy: string
  /** Version of the settings. */
  readonly policyVersion: number
  /** Hex digest of the plan that somebody agreed to. */
  readonly planDigest: string
  /** Own times of the first and the last entry when the set was made, Unix milliseconds. */
  readonly from: number
  readonly to: number
}

/** For so long a resend of an erased record is refused. */
export const REPLAY_DAYS = 30

/** What is asked for. Reason and reference may be about the person: they are sealed, and stand in no receipt. */
export interface ErasureRequest {
  /** Hex scopes (32 digits) of the person: more than one where several ids were found to be one person's. */
  readonly scopes: readonly string[]
  /** The scopes of the one id it was asked for by. What is no longer theirs when it comes to be done is left; all of it goes when absent. */
  readonly named?: readonly string[]
  readonly ground: Ground
  readonly reason?: string
  readonly requestRef?: string
  /** Who asks, as records name them. */
  readonly by: CanonicalRecord
}

/** The name of a record, by which a resend of it is known, and where it was. */
export interface ErasedName {
  /** 16 bytes as latin1 text. */
  readonly key: string
  /** Absent when the entry was lost: the ledger is an older copy of itself. */
  readonly index?: number
}

/** What is to be erased. The keys are fixed when it is asked for: what is recorded later about the person has others. */
export interface ErasurePlan {
  /** Hex, 32 bytes: the salts of the set are made from it. */
  readonly seed: string
  /** Keys of the person. */
  readonly numbers: readonly number[]
  /** Entries sealed with them, ascending; undefined until they were looked for. */
  readonly indices?: readonly number[]
  readonly names?: readonly ErasedName[]
  /** Those of the entries that others keep: of them parts are erased, and the rest is left. */
  readonly left?: readonly number[]
  /** These parts: index and digest, in hex. */
  readonly parts?: readonly (readonly [number, string])[]
  /** Names of what is left in part: what its content was is to be forgotten. */
  readonly kept?: readonly Required<ErasedName>[]
  /** Hex links of numbered records in their emitters' chains, by index. */
  readonly links?: readonly (readonly [number, string])[]
}

/** What a finished erasure came to. */
export interface ErasureOutcome {
  readonly completedAt: number
  /** Hex, the set the erasure entry commits to. */
  readonly setRoot: string
  readonly entry: { readonly index: number; readonly id: string }
  readonly records: number
  readonly keysDestroyed: number
  /** Until then resends are refused; Unix milliseconds. */
  readonly replayUntil: number
}

export interface Erasure {
  readonly id: string
  /** `expired`: nobody asked, its time is over. */
  readonly ground: Ground | 'expired'
  /** Unix milliseconds, by the clock of the server. */
  readonly requestedAt: number
  /** Absent once it is completed. */
  readonly request?: ErasureRequest
  /** Of what goes because its time is over. Such a one is planned from the start, and gone from the register when it is done. */
  readonly expiry?: Expiry
  /** Whether a second person must agree, and who did. */
  /** Whether it was done before, on what this directory is an older copy of: its keys may be gone while what they sealed is here. */
  readonly isRepeated?: true
  readonly needsApproval: boolean
  readonly approvedBy?: CanonicalRecord
  readonly plan?: ErasurePlan
  readonly outcome?: ErasureOutcome
  /** Names of what a completed one erased, for as long as resends are refused. */
  readonly names?: readonly ErasedName[]
}

/** An erasure of which it is written down what it is about. */
export type Planned = Erasure & { readonly plan: Required<ErasurePlan> }

/** Whether what an erasure is about is written down: from then on nothing holds it up. */
export function isPlanned(erasure: Erasure): erasure is Planned {
  return erasure.plan?.indices !== undefined
}

/** An erasure of entries whose time is over. */
export type Expiring = Planned & { readonly expiry: Expiry }

export function isExpiry<E extends Erasure>(erasure: E): erasure is E & { readonly expiry: Expiry } {
  return erasure.expiry !== undefined
}
