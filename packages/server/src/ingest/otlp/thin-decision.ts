/** A decision in fewer words, for one that is refused as it is: the words are all in its spans. */
import { isObject, type JsonObject, type JsonValue } from '@deponent/format'
import { WITHHELD } from './map-span.ts'

const KEPT = [
  'decisionId',
  'traceId',
  'spanId',
  'system',
  'basis',
  'timestamp',
  'affectedUserId',
  'affectedSubjects',
  'modelType',
  'links',
]
const NAME_LENGTH_MAX = 1_024

/** What names it, whom it is about, that it is not all, and by which code it was refused. */
export function thinDecision(record: JsonObject, code: string): JsonObject {
  const kept = Object.fromEntries(
    KEPT.flatMap((name) => (record[name] === undefined ? [] : [[name, record[name]]])),
  )
  const { modelId } = record
  const isFit = typeof modelId === 'string' && modelId.length <= NAME_LENGTH_MAX
  return {
    ...kept,
    modelId: isFit ? modelId : 'unknown',
    prediction: WITHHELD,
    tags: ['otel', 'incomplete-evidence'],
    metadata: { otel: provenance(record.metadata, code) },
  }
}

function provenance(metadata: JsonValue | undefined, code: string): JsonObject {
  const otel = isObject(metadata) && isObject(metadata.otel) ? metadata.otel : {}
  const { rollup, mapping, dialects, spans, incomplete } = otel
  const known = Array.isArray(incomplete) ? incomplete : []
  return {
    ...(rollup !== undefined && { rollup }),
    ...(mapping !== undefined && { mapping }),
    ...(dialects !== undefined && { dialects }),
    ...(spans !== undefined && { spans }),
    incomplete: [...known, `refused_${code}`],
  }
}
