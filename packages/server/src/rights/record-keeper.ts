import { type CanonicalRecord, readJson, type RecordKind } from '@deponent/format'
import type { Recorder } from '../recording/recorder.ts'
import { RightsRefused } from './refusal.ts'

/** Who does something, as the record says it. */
export interface By {
  readonly id: string
  readonly name: string
  readonly role: string
}

/** Where a record landed. */
export interface Kept {
  readonly index: number
  /** Entry id. */
  readonly id: string
}

/** Records something that the server observed itself, durable when this resolves. @throws RightsRefused, and as `Ledger.append` does */
export async function keep(
  recorder: Pick<Recorder, 'record'>,
  kind: RecordKind,
  record: object,
  by: By,
): Promise<Kept> {
  const whole: CanonicalRecord = JSON.parse(
    JSON.stringify({ ...record, actor: by, basis: 'observed' }),
  ) as CanonicalRecord
  const { receipts, errors } = await recorder.record([
    { position: 0, kind, reading: readJson(JSON.stringify(whole)) },
  ])
  const [fault] = errors
  if (fault) throw new RightsRefused('record_refused', fault.message, fault.path)
  const [receipt] = receipts
  if (!receipt) throw new Error('a record was neither kept nor refused')
  return { index: receipt.index, id: receipt.id }
}
