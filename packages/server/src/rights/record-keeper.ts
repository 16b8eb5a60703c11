import { readJson, type RecordKind } from '@deponent/format'
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
  const [kept] = await keepAll(recorder, kind, [record], by)
  if (!kept) throw new Error('a record was neither kept nor refused')
  return kept
}

/** Several of one kind, sequenced together. */
export async function keepAll(
  recorder: Pick<Recorder, 'record'>,
  kind: RecordKind,
  records: readonly object[],
  by: By,
): Promise<Kept[]> {
  const submissions = records.map((record, position) => {
    const whole = { ...record, actor: by, basis: 'observed' }
    return { position, kind, reading: readJson(JSON.stringify(whole)) }
  })
  const { receipts, errors } = await recorder.record(submissions)
  const [fault] = errors
  if (fault?.code === 'erased') throw new RightsRefused('not_found', fault.message)
  if (fault) throw new RightsRefused('record_refused', fault.message, fault.path)
  return receipts.map(({ id, index }) => ({ id, index }))
}
