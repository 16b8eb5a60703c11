import { type CanonicalRecord, recordTime } from '@deponent/format'

/** The month, `YYYY-MM`, with whose key of its system a record about nobody is sealed: that of its own time, or of its receipt (Unix milliseconds). */
export function monthOf(record: CanonicalRecord | undefined, receivedAt: number): string {
  const at = record === undefined ? undefined : recordTime(record)
  return new Date(at ?? receivedAt).toISOString().slice(0, 7)
}
