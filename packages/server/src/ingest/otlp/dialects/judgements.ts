/** Judgements of an output that come with spans: a person's, a program's or another model's. */
import { isObject, type JsonObject, type JsonValue } from '@deponent/format'
import type { SpanEvent } from '../telemetry.ts'
import { first, firstText, unflattened, unwrapped } from './lookup.ts'

/** The fields of a `score`. */
export type Judgement = {
  name: string
  value?: JsonValue
  label?: string
  comment?: string
  scorerType?: string
}

const RESULT_EVENT = 'gen_ai.evaluation.result'
const FLATTENED = [
  ['annotations', 'annotation'],
  ['evaluations', 'evaluation'],
] as const

/** Those among events, log records told as such, and those flattened into attributes. */
export function judgementsOf(attributes: JsonObject, events: readonly SpanEvent[]): Judgement[] {
  const told = events.flatMap((event) => (event.name === RESULT_EVENT ? judgementIn(event.attributes) : []))
  const flat = FLATTENED.flatMap(([list, item]) =>
    ['', 'trace.', 'session.'].flatMap((level) =>
      (unwrapped(unflattened(attributes, `${level}${list}`), item) ?? []).flatMap(flattenedJudgement),
    ),
  )
  return [...told, ...flat]
}

/** What the event of the conventions says; nothing when it names no measure or gives no result. */
export function judgementIn(attributes: JsonObject): Judgement[] {
  return judgement({
    name: first(attributes, ['gen_ai.evaluation.name']),
    value: first(attributes, ['gen_ai.evaluation.score.value']),
    label: firstText(attributes, ['gen_ai.evaluation.score.label']),
    comment: firstText(attributes, ['gen_ai.evaluation.explanation']),
  })
}

function flattenedJudgement(item: JsonValue): Judgement[] {
  if (!isObject(item)) return []
  return judgement({
    name: item.name,
    value: item.score,
    label: item.label,
    comment: item.explanation,
    scorerType: item.annotator_kind,
  })
}

function judgement(parts: { [Part in keyof Judgement]?: JsonValue | undefined }): Judgement[] {
  const { name, value, label } = parts
  const hasValue = typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean'
  if (typeof name !== 'string' || name === '' || (!hasValue && typeof label !== 'string')) return []
  const text = (part: 'label' | 'comment' | 'scorerType'): Partial<Judgement> =>
    typeof parts[part] === 'string' && parts[part] !== '' ? { [part]: parts[part] } : {}
  return [{ name, ...(hasValue && { value }), ...text('label'), ...text('comment'), ...text('scorerType') }]
}
