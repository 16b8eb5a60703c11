import { describe, expect, test } from 'vitest'
import { FINDING_CODES, KINDS, normalizeRecord, REL } from '@deponent/format'
import type { JsonObject, JsonValue } from '@deponent/format'
import { textOf } from './tree.ts'

const FORMAT = textOf('docs/format.md')

/** The text of one section, up to the next heading of any level. */
function section(heading: string): string {
  const [, body = ''] = FORMAT.split(`\n${heading}\n`)
  return body.split(/\n#{2,3} /)[0] ?? ''
}

const codesIn = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')

test('docs/format.md lists every finding code with its meaning, and no other', () => {
  const rows = [...section('## 15. Verdicts and findings').matchAll(/^\| `(\w+)`\s*\| (.+?)\s*\|$/gm)]
  expect(Object.fromEntries(rows.map((row) => [row[1], row[2]]))).toEqual(FINDING_CODES)
})

test('docs/format.md lists every kind and every relation', () => {
  const [kinds = ''] = section('### 2.4 Kinds').split('.\n\n')
  expect(codesIn(kinds)).toEqual([...KINDS])
  expect(codesIn(section('### 2.4 Kinds'))).toEqual(expect.arrayContaining([...REL]))
})

describe('every spelling in docs/format.md reaches its field', () => {
  const rows = [...section('### 2.2 Names').matchAll(/^\| `(\w+)`\s*\| (.+?)\s*\|$/gm)]
  const spellings = rows.flatMap(([, field = '', others = '']) =>
    codesIn(others).map((other) => [other, field] as const),
  )
  const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

  test.each(spellings)('%s → %s', (spelling, field) => {
    for (const name of [spelling, snake(spelling)]) {
      const { record, errors } = normalizeRecord('decision', {
        value: decisionWith(name, field),
        coerced: [],
        faults: [],
      })
      expect(errors).toEqual([])
      expect(record[field]).toEqual(valueOf(field))
    }
  })
})

function valueOf(field: string): JsonValue {
  if (field === 'timestamp') return '2026-01-10T00:00:00.000Z'
  if (field === 'confidence' || field === 'latencyMs') return 0.5
  if (field === 'humanOverride') return true
  if (field === 'modelType') return 'llm'
  return field === 'explanation' ? { reasoning: 'because' } : 'x'
}

function decisionWith(name: string, field: string): JsonObject {
  const [block = '', member] = name.split('.')
  const others: JsonObject = { ...(field === 'modelId' ? {} : { modelId: 'm' }), status: 'refused' }
  return { ...others, [block]: member === undefined ? valueOf(field) : { [member]: valueOf(field) } }
}
