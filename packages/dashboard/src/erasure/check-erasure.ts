/**
 * Checks the receipt of an erasure against its ledger, from evidence that was already fetched: that the ledger holds an entry of an
 * erasure at the place the receipt names, and that this entry commits to the set of records the receipt is about. Pure.
 */
import { parseBundle, parseCheckpoint, parseNote, SET_ROOT_POINTER, verifyBundle } from '@deponent/format'
import type { BundleReport, Checkpoint, EntryReport, Finding, Note } from '@deponent/format'
import { trustOfPin } from '../proof/keys.ts'
import { historyStep, keyStep, outcomeOf, signatureStep, witnessStep } from '../proof/steps.ts'
import type { EarlierHead, KeyEvidence, Outcome, Step } from '../proof/steps.ts'
import type { ErasureReceipt } from './erasure.ts'

/** Everything the check needs, fetched beforehand. */
export interface ErasureEvidence extends KeyEvidence {
  readonly receipt: ErasureReceipt
  /** The bundle of the erasure entry, verbatim. */
  readonly bundle: string
  readonly earlier: EarlierHead | undefined
}

export interface ErasureCheck {
  readonly outcome: Outcome
  readonly steps: readonly Step[]
  readonly findings: readonly Finding[]
  /** Why it failed, in sentences; empty when it did not. */
  readonly reasons: readonly string[]
}

/** The signed checkpoint of a bundle. @throws FormatError when it cannot be read */
export function checkpointOf(bundle: string): { readonly note: Note; readonly checkpoint: Checkpoint } {
  const note = parseNote(parseBundle(bundle).checkpoint)
  return { note, checkpoint: parseCheckpoint(note.text) }
}

/** Runs every step; a failed one never hides the others. @throws FormatError when the bundle cannot be read */
export function checkErasure(evidence: ErasureEvidence): ErasureCheck {
  const { bundle, receipt, pin, earlier } = evidence
  const { note, checkpoint } = checkpointOf(bundle)
  const report = verifyBundle(bundle, { trust: trustOfPin(checkpoint.origin, pin) })
  const held = report.entries.find(({ index }) => index === receipt.entry.index)
  const steps = [
    entryStep(receipt, held),
    setStep(receipt, held),
    pathStep(held, checkpoint),
    originStep(receipt, checkpoint),
    signatureStep(note, checkpoint, evidence, report.checkpoint?.signed === true),
    keyStep(evidence),
    historyStep(earlier, checkpoint),
    witnessStep(note, pin),
    numberStep(receipt),
    copiesStep(),
  ]
  const reasons = [
    ...steps.filter(({ state }) => state === 'failed').map(({ text }) => text),
    ...others(report, steps),
  ]
  return { outcome: outcomeOf(evidence, reasons), steps, findings: report.findings, reasons }
}

/** What the format found wrong that no step names. */
function others({ verdict, findings }: BundleReport, steps: readonly Step[]): readonly string[] {
  if (verdict === 'valid' || steps.some(({ state }) => state === 'failed')) return []
  return findings.filter(({ severity }) => severity !== 'info').map(({ message }) => message)
}

function entryStep({ entry }: ErasureReceipt, held: EntryReport | undefined): Step {
  const title = 'Entry of this erasure'
  const values = [['index', String(entry.index)] as const, ['id', held?.entry?.id ?? 'none'] as const]
  if (held?.entry === undefined)
    return {
      title,
      state: 'failed',
      text: 'The evidence has no entry at the index the receipt names.',
      values,
    }
  if (held.entry.kind !== 'erasure')
    return {
      title,
      state: 'failed',
      text: `The entry is not of an erasure: its kind is ${held.entry.kind}.`,
      values,
    }
  if (held.entry.id !== entry.id)
    return { title, state: 'failed', text: 'The entry has another id than the receipt names.', values }
  const at = ['received', new Date(held.entry.receivedAt).toISOString()] as const
  return {
    title,
    state: 'passed',
    text: 'The ledger holds an erasure at the index and with the id the receipt names.',
    values: [...values, at],
  }
}

function setStep({ setRoot }: ErasureReceipt, held: EntryReport | undefined): Step {
  const title = 'Set of erased records'
  const shown = held?.fields.find(({ pointer }) => pointer === SET_ROOT_POINTER)?.value
  const values = [
    ['on the receipt', setRoot] as const,
    ['in the entry', typeof shown === 'string' ? shown : 'not shown'] as const,
  ]
  return shown === setRoot
    ? {
        title,
        state: 'passed',
        text: 'The entry commits to the set root on the receipt. Each erased record opens to it by its tombstone.',
        values,
      }
    : { title, state: 'failed', text: 'The entry does not show the set root on the receipt.', values }
}

function pathStep(held: EntryReport | undefined, { size }: Checkpoint): Step {
  const isProven = held?.proven === true
  return {
    title: 'Path to the root',
    state: isProven ? 'passed' : 'failed',
    text: isProven
      ? 'The entry leads to the root of the checkpoint.'
      : 'The entry does not lead to the root of the checkpoint.',
    values: [['position', `${held?.index ?? '?'} of ${size}`]],
  }
}

function originStep({ origin }: ErasureReceipt, checkpoint: Checkpoint): Step {
  const isSame = origin === checkpoint.origin
  return {
    title: 'Ledger',
    state: isSame ? 'passed' : 'failed',
    text: isSame
      ? 'Receipt and checkpoint are of the same ledger.'
      : 'The receipt names another ledger than the checkpoint.',
    values: [['origin', checkpoint.origin]],
  }
}

function numberStep({ records, keysDestroyed }: ErasureReceipt): Step {
  return {
    title: 'Numbers, grounds and stores',
    state: 'open',
    text: 'Stated by the operator and not shown by a proof: a set root tells nobody how many records it covers.',
    values: [
      ['records', String(records)],
      ['keys', String(keysDestroyed)],
    ],
  }
}

function copiesStep(): Step {
  return {
    title: 'No copy elsewhere',
    state: 'open',
    text: 'Nothing can show that no copy exists. That the content is gone is a statement by the operator.',
    values: [],
  }
}
