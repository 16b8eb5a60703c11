/** Checks the newest checkpoint of a ledger: whose signature it bears, and whether it extends what was seen before. */
import { parseCheckpoint, parseNote, verifyCheckpointNote } from '@deponent/format'
import type { Checkpoint } from '@deponent/format'
import { trustOfPin } from './keys.ts'
import { historyStep, keyStep, outcomeOf, signatureStep, witnessStep } from './steps.ts'
import type { EarlierHead, KeyEvidence, Outcome, Step } from './steps.ts'

/** What the check needs, fetched beforehand. */
export interface HeadEvidence extends KeyEvidence {
  /** The signed checkpoint, verbatim. */
  readonly note: string
  readonly earlier: EarlierHead | undefined
}

export interface HeadCheck {
  readonly outcome: Outcome
  readonly steps: readonly Step[]
  readonly reasons: readonly string[]
  readonly checkpoint: Checkpoint
}

/** Runs every step. FormatError when the note cannot be read. */
export function checkHead(evidence: HeadEvidence): HeadCheck {
  const note = parseNote(evidence.note)
  const checkpoint = parseCheckpoint(note.text)
  const { signed } = verifyCheckpointNote(evidence.note, trustOfPin(checkpoint.origin, evidence.pin))
  const steps = [
    signatureStep(note, checkpoint, evidence, signed),
    keyStep(evidence),
    headHistoryStep(evidence.earlier, checkpoint),
    witnessStep(note, evidence.pin),
  ]
  const reasons = steps.filter(({ state }) => state === 'failed').map(({ text }) => text)
  return { outcome: outcomeOf(evidence, reasons), steps, reasons, checkpoint }
}

/** The newest checkpoint must not be smaller than one seen before; a proof may rest on an older one. */
function headHistoryStep(earlier: EarlierHead | undefined, checkpoint: Checkpoint): Step {
  const step = historyStep(earlier, checkpoint)
  if (earlier === undefined || checkpoint.size >= earlier.head.size) return step
  return {
    ...step,
    state: 'failed',
    text: 'The ledger is smaller than this browser saw it before: it was rolled back.',
  }
}
