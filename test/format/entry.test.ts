import { readFileSync } from 'node:fs'
import type { Entry } from '@deponent/format'
import {
  canonicalJson,
  decodeEntry,
  encodeEntry,
  fromHex,
  fromUtf8,
  KINDS,
  readJson,
  toHex,
  utf8,
} from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nearlyJson } from './arbitrary-json.ts'
import { codeOf } from './signer.ts'

const ENTRY: Entry = {
  v: 1,
  id: '01970000-0000-7000-8000-000000000000',
  kind: 'decision',
  receivedAt: 1_795_000_000_000,
  system: 's1',
  retention: 'unset',
  payload: { c: 1, root: '0f'.repeat(32), leaves: 37 },
}
const TEXT = fromUtf8(encodeEntry(ENTRY))

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
const slug = fc.string({ unit: fc.constantFrom(...'abcxyz0189-'), minLength: 1, maxLength: 64 })
const whole = fc.maxSafeNat()
const id = fc
  .tuple(hex(8), hex(4), hex(3), fc.constantFrom('8', '9', 'a', 'b'), hex(3), hex(12))
  .map(([time, low, tail, variant, rest, random]) => `${time}-${low}-7${tail}-${variant}${rest}-${random}`)
const anyEntry: fc.Arbitrary<Entry> = fc.record(
  {
    v: fc.constant(1 as const),
    id,
    kind: fc.constantFrom(...KINDS),
    receivedAt: whole,
    system: slug,
    emitter: fc.record({ id: slug, epoch: whole, seq: whole }),
    retention: slug,
    payload: fc.record({
      c: fc.constant(1 as const),
      root: hex(64),
      leaves: fc.integer({ min: 1, max: 65_536 }),
    }),
  },
  {
    requiredKeys: ['v', 'id', 'kind', 'receivedAt', 'system', 'retention', 'payload'],
    noNullPrototype: true,
  },
)

describe('an entry', () => {
  test('is 234 bytes in its usual form', () => {
    expect(TEXT).toHaveLength(234)
    expect(TEXT).toBe(
      `{"id":"01970000-0000-7000-8000-000000000000","kind":"decision","payload":{"c":1,"leaves":37,"root":"${'0f'.repeat(32)}"},"receivedAt":1795000000000,"retention":"unset","system":"s1","v":1}`,
    )
  })

  test('is canonical, and decoding gives back what was encoded', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        const bytes = encodeEntry(entry)
        expect(decodeEntry(bytes)).toEqual(entry)
        expect(fromUtf8(bytes)).toBe(canonicalJson(entry as never))
        expect(encodeEntry(decodeEntry(bytes))).toEqual(bytes)
      }),
    )
  })

  test('has one byte string: no other spelling of the same JSON is accepted', () => {
    const spelled = fc
      .tuple(anyEntry, fc.nat(), fc.constantFrom(' ', '\n', '\ufeff', '\u00a0'))
      .map(([entry, at, space]) => {
        const text = fromUtf8(encodeEntry(entry))
        const place = at % (text.length + 1)
        return text.slice(0, place) + space + text.slice(place)
      })
    fc.assert(
      fc.property(spelled, (text) => {
        expect(codeOf(() => decodeEntry(utf8(text)))).toBe('bad_entry')
      }),
    )
  })

  test('no bit of it can be flipped unnoticed: what still decodes is another entry', () => {
    fc.assert(
      fc.property(anyEntry, fc.nat(), fc.integer({ min: 1, max: 255 }), (entry, at, flip) => {
        const bytes = encodeEntry(entry)
        bytes[at % bytes.length]! ^= flip
        if (codeOf(() => decodeEntry(bytes)) === 'accepted') expect(decodeEntry(bytes)).not.toEqual(entry)
      }),
    )
  })

  test.each<[string, (text: string) => string]>([
    ['an unknown field', (text) => text.replace('"kind"', '"extra":1,"kind"')],
    ['a field twice', (text) => text.replace('"kind"', '"id":"01970000-0000-7000-8000-000000000000","kind"')],
    [
      'names out of order',
      (text) => text.replace(/"retention":"unset","system":"s1"/, '"system":"s1","retention":"unset"'),
    ],
    ['an escape', (text) => text.replace('"s1"', '"\\u00731"')],
    ['a number in another form', (text) => text.replace('1795000000000', '1.795e12')],
    ['a leading zero', (text) => text.replace('"leaves":37', '"leaves":037')],
    ['a negative time', (text) => text.replace('1795000000000', '-1')],
    ['a time no double carries', (text) => text.replace('1795000000000', '9007199254740992')],
    ['no leaves', (text) => text.replace('"leaves":37', '"leaves":0')],
    ['too many leaves', (text) => text.replace('"leaves":37', '"leaves":65537')],
    ['an upper-case root', (text) => text.replace('0f0f', '0F0f')],
    ['a short root', (text) => text.replace('0f0f', '0f')],
    ['another commitment', (text) => text.replace('"c":1', '"c":2')],
    ['a UUID of version 4', (text) => text.replace('-7000-', '-4000-')],
    ['a UUID of another variant', (text) => text.replace('-8000-', '-c000-')],
    ['an upper-case UUID', (text) => text.replace('01970000', '0197000A')],
    ['a name that is no slug', (text) => text.replace('"s1"', '"Loan scoring"')],
    ['an empty slug', (text) => text.replace('"unset"', '""')],
    ['a slug too long', (text) => text.replace('"s1"', `"${'s'.repeat(65)}"`)],
    ['a kind outside the grammar', (text) => text.replace('"decision"', '"Decision!"')],
    ['a missing field', (text) => text.replace('"retention":"unset",', '')],
    ['an emitter without a number', (text) => text.replace('{"id"', '{"emitter":{"epoch":1,"id":"e1"},"id"')],
    ['something after it', (text) => `${text}\n`],
    ['nothing', () => ''],
  ])('with %s is refused', (_, change) => {
    expect(change(TEXT)).not.toBe(TEXT)
    expect(codeOf(() => decodeEntry(utf8(change(TEXT))))).toBe('bad_entry')
  })

  test('of another version is told apart from nonsense', () => {
    for (const other of ['"v":0', '"v":2'])
      expect(codeOf(() => decodeEntry(utf8(TEXT.replace('"v":1', other))))).toBe('unknown_version')
  })

  test('of a kind that a later release adds is accepted', () => {
    expect(decodeEntry(utf8(TEXT.replace('"decision"', '"audit.follow_up"'))).kind).toBe('audit.follow_up')
  })

  test('is not encoded when it could not be decoded', () => {
    const bad: Partial<Entry>[] = [
      { system: 'Loan' },
      { retention: '' },
      { receivedAt: 1.5 },
      { receivedAt: 2 ** 53 },
      { kind: 'x","v":1' },
      { id: 'x' },
      { payload: { ...ENTRY.payload, leaves: 0 } },
      { emitter: { id: 'e1","seq":1},"id":"', epoch: 1, seq: 1 } },
    ]
    for (const change of bad) expect(codeOf(() => encodeEntry({ ...ENTRY, ...change }))).toBe('bad_entry')
  })

  test('of more than 65,535 bytes is refused before it is read', () => {
    expect(codeOf(() => decodeEntry(new Uint8Array(65_536)))).toBe('entry_too_large')
  })

  test('is never more than a typed error to hostile bytes', () => {
    const mangled = fc
      .tuple(fc.nat(234), fc.nat(234), fc.string())
      .map(([a, b, text]) => utf8(TEXT.slice(0, a) + text.toWellFormed() + TEXT.slice(b)))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), nearlyJson.map(utf8), mangled), (bytes) => {
        expect(['accepted', 'bad_entry', 'bad_utf8', 'unknown_version']).toContain(
          codeOf(() => decodeEntry(bytes)),
        )
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('vectors', () => {
  const { valid, invalid } = JSON.parse(
    readFileSync(new URL('../vectors/entry-bytes.json', import.meta.url), 'utf8'),
  ) as { valid: { name: string; bytes: string; entry: Entry }[]; invalid: { name: string; bytes: string }[] }

  test.each(valid)('$name', ({ bytes, entry }) => {
    expect(decodeEntry(fromHex(bytes))).toEqual(entry)
    expect(toHex(encodeEntry(entry))).toBe(bytes)
    expect(canonicalJson(readJson(fromUtf8(fromHex(bytes))).value)).toBe(fromUtf8(fromHex(bytes)))
  })

  test.each(invalid)('$name is refused', ({ bytes }) => {
    expect(codeOf(() => decodeEntry(fromHex(bytes)))).toMatch(/^(bad_entry|unknown_version)$/)
  })
})
