/** Steps of a check that are about the ledger itself: whose key, what was seen before, who else watches. */
import { FormatError, fromHex, parseVkey, toHex, verifyConsistency, verifyNote } from '@deponent/format'
import type { Checkpoint, Note } from '@deponent/format'
import { keyIdText, nameOf } from './keys.ts'
import type { LedgerKeys } from './keys.ts'
import type { Head, Pin } from './memory.ts'

/** `open`: not covered by this check, or not there to be checked. */
export type StepState = 'passed' | 'failed' | 'open'

/** One step of the check, for people. */
export interface Step {
  readonly title: string
  readonly state: StepState
  readonly text: string
  readonly values: readonly (readonly [name: string, value: string])[]
}

/** `own-key`, `pasted-key`: everything checkable checks out under that key. */
export type Outcome = 'own-key' | 'pasted-key' | 'key-changed' | 'failed'

/** A check as it is shown. */
export interface ShownCheck {
  readonly outcome: Outcome
  readonly steps: readonly Step[]
  /** Why it failed, in sentences; empty when it did not. */
  readonly reasons: readonly string[]
}

/** Whose key counts, and what the server says about it now. */
export interface KeyEvidence {
  /** The keys the server shows now; undefined when it shows none for this origin. */
  readonly shownKeys: LedgerKeys | undefined
  /** The key this browser believes. */
  readonly pin: Pin
  /** Whether the pin was made just now. */
  readonly isNewPin: boolean
}

/** A head checked on an earlier visit, and the consistency proof from it when one could be fetched. */
export interface EarlierHead {
  readonly head: Head
  readonly consistency: readonly Uint8Array[] | undefined
}

/** Whether the server shows another key than the pinned one. Showing none is no change. */
export function keyChanged(shown: LedgerKeys | undefined, pin: Pin): boolean {
  return shown !== undefined && shown.checkpointVkey !== pin.checkpointVkey
}

/** What a check comes to; a changed key outweighs everything else. */
export function outcomeOf({ shownKeys, pin }: KeyEvidence, reasons: readonly string[]): Outcome {
  if (keyChanged(shownKeys, pin)) return 'key-changed'
  if (reasons.length > 0) return 'failed'
  return pin.source === 'pasted' ? 'pasted-key' : 'own-key'
}

/** Whether the pinned key signed the checkpoint. */
export function signatureStep(
  note: Note,
  checkpoint: Checkpoint,
  { pin }: KeyEvidence,
  isSigned: boolean,
): Step {
  const others = note.signatures.length - 1 - namedWitnesses(pin).length
  return {
    title: 'Checkpoint signed',
    state: isSigned ? 'passed' : 'failed',
    text: isSigned
      ? 'The Ed25519 signature on the checkpoint verifies under the key below.'
      : 'The checkpoint is not signed by the key this browser believes.',
    values: [
      ['origin', checkpoint.origin],
      ['size', String(checkpoint.size)],
      ['key id', keyIdText(pin.checkpointVkey)],
      ...(others > 0 ? [['other signatures', `${others}, not checked`] as const] : []),
    ],
  }
}

/** Whose word the signature is. */
export function keyStep({ pin, shownKeys, isNewPin }: KeyEvidence): Step {
  const title = 'Key'
  const values = [['key', pin.checkpointVkey] as const]
  if (keyChanged(shownKeys, pin)) {
    const text = 'The server now shows another key than the one pinned in this browser.'
    return {
      title,
      state: 'failed',
      text,
      values: [...values, ['shown now', shownKeys?.checkpointVkey ?? '']],
    }
  }
  return { title, state: 'passed', text: pinText(pin, isNewPin), values }
}

function pinText(pin: Pin, isNewPin: boolean): string {
  if (pin.source === 'pasted') return "You supplied this key; it does not rest on this server's word."
  return isNewPin
    ? "The operator's own key, seen for the first time just now and pinned in this browser."
    : "The operator's own key, unchanged since this browser first saw it."
}

/** Whether the checkpoint extends what this browser checked before. */
export function historyStep(earlier: EarlierHead | undefined, checkpoint: Checkpoint): Step {
  const title = 'Extends what was seen before'
  if (earlier === undefined || earlier.head.size === 0) {
    return { title, state: 'open', text: 'First checkpoint of this ledger in this browser.', values: [] }
  }
  const { head, consistency } = earlier
  const values = [['seen before', `${head.size} entries, root ${head.root}`] as const]
  // A proof may rest on a checkpoint older than the newest one seen; that alone accuses nobody.
  if (checkpoint.size < head.size) {
    return {
      title,
      state: 'open',
      text: 'The proof rests on an older checkpoint than one seen before.',
      values,
    }
  }
  if (checkpoint.size === head.size) {
    return toHex(checkpoint.root) === head.root
      ? { title, state: 'passed', text: 'The same checkpoint as seen before.', values }
      : { title, state: 'failed', text: 'Another root than was signed before for the same size.', values }
  }
  if (consistency === undefined) {
    return { title, state: 'open', text: 'The tiles needed to compare could not be fetched.', values }
  }
  return verifyConsistency(head.size, checkpoint.size, fromHex(head.root), checkpoint.root, consistency)
    ? {
        title,
        state: 'passed',
        text: 'Everything seen before is still there, unchanged, and only more was added.',
        values,
      }
    : {
        title,
        state: 'failed',
        text: 'The ledger does not contain what this browser saw before: history was rewritten.',
        values,
      }
}

const WITNESS_TITLE = 'Outside witness'

/** Who besides the operator vouches: witnesses the reader named, each checked, or nobody. */
export function witnessStep(note: Note, pin: Pin): Step {
  const witnessVkeys = namedWitnesses(pin)
  if (witnessVkeys.length === 0) {
    const text =
      'None that you named. Whoever holds the key could still show different people different ledgers.'
    return { title: WITNESS_TITLE, state: 'open', text, values: [] }
  }
  const found = witnessVkeys.map((vkey) => ({
    name: nameOf(vkey) ?? 'unreadable',
    state: cosigned(note, vkey),
  }))
  const values = found.map(({ name, state }) => [name, state] as const)
  if (found.some(({ state }) => state === 'forged')) {
    const text = 'A cosignature in the name of a witness you named does not verify.'
    return { title: WITNESS_TITLE, state: 'failed', text, values }
  }
  const missing = found.filter(({ state }) => state === 'missing').length
  if (missing > 0) {
    const text = `${missing} of ${found.length} witnesses you named have not cosigned this checkpoint, or not yet.`
    return { title: WITNESS_TITLE, state: 'open', text, values }
  }
  const text = 'Every witness you named cosigned this checkpoint: it extends all each of them saw before.'
  return { title: WITNESS_TITLE, state: 'passed', text, values }
}

/** Witnesses count on the reader's word only: a server could name some of its own. */
function namedWitnesses({ source, witnessVkeys }: Pin): readonly string[] {
  return source === 'pasted' ? (witnessVkeys ?? []) : []
}

function cosigned(note: Note, vkey: string): 'cosigned' | 'missing' | 'forged' {
  try {
    return verifyNote(note, [parseVkey(vkey)]).length > 0 ? 'cosigned' : 'missing'
  } catch (error) {
    if (error instanceof FormatError) return 'forged'
    throw error
  }
}

/** Whether every witness the reader named cosigned; false when none was named. */
export function isWitnessed(steps: readonly Step[]): boolean {
  return steps.some(({ title, state }) => title === WITNESS_TITLE && state === 'passed')
}
