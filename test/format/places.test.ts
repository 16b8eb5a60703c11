import {
  isObject,
  type JsonValue,
  KINDS,
  normalizeRecord,
  placesOf,
  pointerOf,
  readJson,
  samePlaces,
} from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { kindOf } from '../../packages/format/src/records/kinds/index.ts'

const MARK = 'MARK'

/** Pointers to the text in a value. */
function marked(value: JsonValue, tokens: readonly string[] = []): string[] {
  if (value === MARK) return [pointerOf(tokens)]
  if (Array.isArray(value)) return value.flatMap((inner, i) => marked(inner, [...tokens, `${i}`]))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, inner]) => marked(inner, [...tokens, name]))
}

describe('where a field lies that is named as it is sent', () => {
  test.each(KINDS)('is, in a %s, where normalising puts it or as it was sent below metadata', (kind) => {
    const lost: string[] = []
    const check = (sent: readonly string[]): void => {
      const value = sent.reduceRight<JsonValue>((inner, name) => ({ [name]: inner }), MARK)
      const { record } = normalizeRecord(kind, readJson(JSON.stringify(value)))
      const places = placesOf(sent).map(pointerOf)
      for (const pointer of marked(record)) {
        const stars = pointer.replace('/0/', '/*/')
        const isThere = places.some((place) => `${pointer}/`.startsWith(`${place}/`) || stars === place)
        if (!isThere && pointer !== `/metadata${pointerOf(sent)}`)
          lost.push(`${pointerOf(sent)} at ${pointer}`)
      }
    }
    for (const [name, { field, block }] of kindOf(kind).names) {
      if (field !== undefined) check([name])
      for (const member of block?.keys() ?? []) check([name, member])
      check([name, 'other'])
    }
    expect(lost).toEqual([])
  })

  test('is several fields where kinds differ, and with a block those of its members', () => {
    const at = (pointer: string, all = false) =>
      placesOf(pointer.split('/').slice(1), all).map(pointerOf).toSorted()
    expect(at('/ssn')).toEqual(['/ssn'])
    expect(at('/input_features/zip')).toEqual(['/inputFeatures/zip'])
    expect(at('/inference/weights_hash')).toEqual(['/inference/weightsHash'])
    expect(at('/reason')).toEqual(expect.arrayContaining(['/grounds', '/overrideReason', '/reason']))
    expect(at('/model')).not.toContain('/modelId')
    expect(at('/model', true)).toEqual(
      expect.arrayContaining(['/model', '/modelId', '/modelType', '/modelVersion']),
    )
    expect(at('/input', true)).not.toContain('/inputHash')
  })

  test('is also that of a member that lost against its better spelling', () => {
    expect(samePlaces(['inference', 'weights_hash'])).toEqual([['inference', 'weightsHash']])
    expect(samePlaces(['inference', 'weightsHash'])).toEqual([])
    expect(samePlaces(['inputFeatures', 'weights_hash'])).toEqual([])
  })
})
