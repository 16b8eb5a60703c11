/** JSON for property tests: values whose numbers a double carries, and texts that are nearly JSON. */
import type { JsonValue } from '@deponent/format'
import fc from 'fast-check'

/** Numbers that JSON.stringify writes in a form every rule of ours lets through. */
const carriedNumber = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value) || Math.abs(value) >= 1e21)

const name = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('__proto__', 'constructor', '', '0', '1', '10', 'a/b', 'a~b', '~1', 'é"\\'),
  },
)

export const jsonValue: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    carriedNumber,
    fc.integer(),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(name, tie('value'), { maxKeys: 5 }),
  ),
})).value

export const jsonObject = fc.dictionary(name, jsonValue, { maxKeys: 8 })

const PIECES = [
  ...'{}[],:"-.01e \n\t\u0000\u00a0é',
  '"a"',
  '"b"',
  '{"a":',
  '\\u00e9',
  '\\ud83d',
  '\\n',
  '\\x',
  '12',
  '.5',
  'E+2',
  'true',
  'false',
  'null',
  'nul',
]

/** Texts made of the pieces of JSON in any order; short ones are often valid. */
export const nearlyJson = fc
  .array(fc.constantFrom(...PIECES), { maxLength: 12 })
  .map((pieces) => pieces.join(''))
