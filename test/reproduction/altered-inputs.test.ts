import type { JsonObject } from '@deponent/format'
import { canonicalJson } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { alteredInputs } from '../../packages/server/src/reproduction/altered-inputs.ts'

describe('altered inputs', () => {
  test('differ in numbers and in words, and leave single words to which a model may be bound', () => {
    const inputs = { inputFeatures: { income: 900, ratio: 0.5, employment: 'salaried', owns: true } }
    const [first, second, third] = alteredInputs(inputs, 4)
    expect(first).toEqual({ inputFeatures: { income: 1801, ratio: 2, employment: 'salaried', owns: false } })
    expect(second).toEqual({ inputFeatures: { income: 0, ratio: 0, employment: 'salaried', owns: true } })
    expect(third).toEqual({ inputFeatures: { income: 450, ratio: 0.25, employment: 'salaried', owns: true } })
  })

  test('keep the roles of messages and change what they say', () => {
    const inputs = { messages: [{ role: 'user', content: 'shall I sell' }] }
    expect(alteredInputs(inputs, 1)).toEqual([{ messages: [{ role: 'user', content: 'sell I shall' }] }])
  })

  test('change single words where there is nothing else, and are none where there is nothing at all', () => {
    expect(alteredInputs({ input: 'yes' }, 1)).toEqual([{ input: 'sey' }])
    expect(alteredInputs({}, 4)).toEqual([])
    expect(alteredInputs({ input: null }, 4)).toEqual([])
  })

  test('are never the inputs themselves, and never the same twice', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (given) => {
        const inputs = JSON.parse(JSON.stringify(given)) as JsonObject
        const made = alteredInputs(inputs, 4).map((one) => canonicalJson(one))
        expect(new Set(made).size).toBe(made.length)
        expect(made).not.toContain(canonicalJson(inputs))
      }),
    )
  })
})
