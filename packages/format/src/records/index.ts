import { parseTime } from './time.ts'
import type { CanonicalRecord } from './normalize.ts'

export type { Classification } from './classification.ts'
export { CLASSIFICATION, classificationOf, isAltered, sealedPointers } from './classification.ts'
export type { CompletenessReport } from './completeness.ts'
export {
  completeness,
  PROFILE_OF_RANK,
  profileOf,
  PROFILES,
  RANK_OF_CONSEQUENCE,
  RANK_OF_TIER,
} from './completeness.ts'
export type { Emitter } from './emitter.ts'
export type { RecordError } from './examination.ts'
export { numericValue } from './fields.ts'
export { REL } from './kind.ts'
export type { RecordKind } from './kinds/index.ts'
export { FIELD_NAMES, isRecordKind, KINDS } from './kinds/index.ts'
export { REQUEST_TYPES } from './kinds/request.ts'
export type { CanonicalRecord, Normalized } from './normalize.ts'
export { normalizeRecord } from './normalize.ts'
export { placesOf, samePlaces } from './places.ts'
export { snakeCase } from './spelling.ts'
export type { ParsedTime } from './time.ts'
export { isoTime, parseTime } from './time.ts'

/** The moment a record is about, Unix milliseconds: its `timestamp` or `at`; undefined when it names none. */
export function recordTime(record: CanonicalRecord): number | undefined {
  const time = record['timestamp'] ?? record['at']
  return time === undefined ? undefined : parseTime(time)?.ms
}
