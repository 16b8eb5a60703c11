import { choice, count, json, name, number, object, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/**
 * A count of the same traffic kept by somebody else, declared once, and its readings. What a counter counts is said by `filter`:
 * members `system`, `modelId`, `provider`, `environment` and `emitter`, each optional.
 */
export const counter = defineKind({
  kinds: ['counter.declared', 'counter.reading'],
  fields: {
    name,
    /** Declared: whose count it is. */
    source: choice('gateway', 'provider', 'invoice', 'other'),
    unit: choice('calls', 'tokens'),
    filter: object(),
    /** Declared: difference that is no finding, as a share of the reading, 0..1. */
    tolerance: number,
    description: text,
    /** Reading: a whole hour by its beginning, or any span from `from` to, and without, `to`. */
    hour: time,
    from: time,
    to: time,
    value: count,
    details: json,
  },
  required: [['name']],
  judge(record, kind) {
    const fields = kind === 'counter.declared' ? ['source', 'unit'] : ['value']
    for (const field of fields) {
      if (record.value(field) === undefined)
        record.reject('missing_field', record.pathOf(field), `${field} is missing`)
    }
    if (kind === 'counter.declared') return judgeTolerance(record.value('tolerance'), record)
    if (record.value('hour') === undefined && [record.value('from'), record.value('to')].includes(undefined))
      record.reject('missing_field', record.pathOf('hour'), 'hour, or from and to, is missing')
  },
})

function judgeTolerance(
  tolerance: unknown,
  record: { reject(code: string, path: string, message: string): void; pathOf(field: string): string },
): void {
  if (tolerance === undefined || (typeof tolerance === 'number' && tolerance >= 0 && tolerance <= 1)) return
  record.reject('out_of_range', record.pathOf('tolerance'), 'expected a share from 0 to 1')
}
