import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { detect, detectInNumber, SCANNED_CHARACTERS_MAX } from '../../packages/format/src/detect/detect.ts'
import { folded } from '../../packages/format/src/detect/folded.ts'
import { nameSays } from '../../packages/format/src/detect/field-names.ts'
import { corpus, labelOf, NOT_LOOKED_FOR, scores } from './corpus.ts'

/** Under what was measured when the page was written (docs/privacy.md), by a little. */
const FLOORS: Readonly<Record<string, { recall: number; precision: number }>> = {
  card: { recall: 0.99, precision: 0.99 },
  iban: { recall: 0.99, precision: 0.99 },
  ip: { recall: 0.94, precision: 0.9 },
  mac: { recall: 0.9, precision: 0.99 },
  mail: { recall: 0.97, precision: 0.99 },
  national_id: { recall: 0.88, precision: 0.98 },
  phone: { recall: 0.9, precision: 0.98 },
  secret: { recall: 0.9, precision: 0.99 },
}

describe('on the labelled texts', () => {
  const measured = scores(corpus())

  test.each(Object.entries(FLOORS))(
    '%s is found and told from the rest as well as the page says',
    (label, floor) => {
      const score = measured.find((other) => other.label === label)!
      expect(score.recall).toBeGreaterThanOrEqual(floor.recall)
      expect(score.precision).toBeGreaterThanOrEqual(floor.precision)
    },
  )

  test('names of people and addresses in words are not found, and the page says so', () => {
    expect(
      measured.filter(({ label }) => NOT_LOOKED_FOR.includes(label)).map(({ recall }) => recall),
    ).toEqual([0, 0])
  })

  test('every label is one the floors or the page speak of', () => {
    const labels = new Set(corpus().map(({ label }) => label))
    expect([...labels].toSorted()).toEqual([...Object.keys(FLOORS), ...NOT_LOOKED_FOR, 'none'].toSorted())
  })
})

describe('a detector', () => {
  test.each([
    ['ada@example.com', 'mail'],
    ['DE89 3704 0044 0532 0130 00', 'iban'],
    ['4111 1111 1111 1111', 'card'],
    ['+49 30 901820', 'phone'],
    ['078-05-1120', 'national_id.us'],
    ['192.0.2.17', 'ipv4'],
    ['2001:db8::8a2e:370:7334', 'ipv6'],
    ['00:1b:44:11:3a:b7', 'mac'],
    ['postgres://app:hunter2@db.example.com/x', 'url_credentials'],
  ])('finds %s', (text, expected) => {
    expect(detect(text)).toBe(expected)
    expect(detect(`said on the phone: ${text}, twice`)).toBe(expected)
  })

  test.each([
    ['no-break spaces', '06\u00a012\u00a034\u00a056\u00a078', 'phone'],
    ['narrow no-break spaces', 'DE89\u202f3704\u202f0044\u202f0532\u202f0130\u202f00', 'iban'],
    ['no-break hyphens', '078\u201105\u20111120', 'national_id.us'],
    [
      'full-width signs',
      '\uff41\uff44\uff41\uff20\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45\uff0e\uff43\uff4f\uff4d',
      'mail',
    ],
    ['full-width digits', '\uff14' + '\uff11'.repeat(15), 'card'],
    ['Arabic-Indic digits', '+\u0669\u0666\u0666 50 123 4567', 'phone'],
    ['zero-width spaces', 'ada@exa\u200bmple\u200b.com', 'mail'],
    ['marks of direction', '\u200e4111 1111\u200f 1111 1111', 'card'],
    ['soft hyphens', '192.0\u00ad.2.17', 'ipv4'],
    ['ideographic full stops', 'ada@example\u3002com', 'mail'],
  ])('finds what is written with %s', (_, text, expected) => {
    expect(detect(text)).toBe(expected)
    expect(detect(`said: ${text}`)).toBe(expected)
  })

  test('reads the digits of every script the platform can write', () => {
    const formats = Intl.supportedValuesOf('numberingSystem').map((numberingSystem) =>
      new Intl.NumberFormat('en', { numberingSystem, useGrouping: false }).format(9_876_543_210),
    )
    const decimal = formats.filter((text) => /^\p{Nd}{10}$/u.test(text))
    expect(decimal.length).toBeGreaterThan(50)
    for (const text of decimal) expect(folded(text)).toBe('9876543210')
  })

  test.each(['05-12-2024 10:30', '04-05-2024 11', '01-2024 12345', '05/23/2024 10:30', '12/05/2024 1030'])(
    'takes the date in %s for no telephone number, and finds one behind it',
    (text) => {
      expect(detect(text)).toBeUndefined()
      expect(detect(`${text}, 030 1234567`)).toBe('phone')
    },
  )

  test('takes one wrong digit for no account, no card and no identity number', () => {
    expect(detect('DE89 3704 0044 0532 0130 01')).not.toBe('iban')
    expect(detect('4111 1111 1111 1112')).toBeUndefined()
    expect(detect('44051401457')).toBeUndefined()
  })

  test('finds a card number that is written as a number, and in no other number', () => {
    expect(detectInNumber(4_111_111_111_111_111)).toBe('card')
    expect(detectInNumber(1_795_000_000_000)).toBeUndefined()
    expect(detectInNumber(0.87)).toBeUndefined()
  })

  test('finds what stands in any text around it that is not part of a word', () => {
    const around = fc.string({ maxLength: 40 }).map((text) => text.replace(/[^ ,;()<>«»]/g, ' '))
    fc.assert(
      fc.property(
        around,
        around,
        fc.constantFrom('ada@example.com', '4111 1111 1111 1111', '00:1b:44:11:3a:b7'),
        (a, b, what) => {
          expect(labelOf(detect(`${a} ${what} ${b}`))).not.toBe('none')
        },
      ),
    )
  })

  test('says something of any text, and the same each time', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect(detect(text)).toBe(detect(text))
      }),
    )
  })

  test.each(['@', '1', '1 ', '0 ', '1-', '+', ':', 'a.', 'a@', 'eyJ', 'x@a.', '://', 'AA11', 'ABCDEF12'])(
    'looks at no more than its limit of a text that repeats %j',
    (unit) => {
      const text = unit.repeat(200_000)
      expect(detect(text)).toBe(detect(text.slice(0, SCANNED_CHARACTERS_MAX)))
    },
  )
})

describe('the name of a field', () => {
  test.each([
    'email',
    'customerEmail',
    'home_address',
    'Telefonnummer',
    'prénom',
    'numéro de téléphone',
    'API-Key',
    'clientSecret',
    'nazwisko',
    '\uff45\uff4d\uff41\uff49\uff4c',
    'pass\u200bword',
  ])('%s says its texts identify somebody or open something', (name) =>
    expect(nameSays(name)).not.toBe('nothing'),
  )

  test.each([
    'race',
    'sex',
    'gender',
    'age',
    'religion',
    'ethnicity',
    'disability',
    'nationality',
    'marital_status',
  ])('%s stays queryable: fairness is measured by it', (name) => expect(nameSays(name)).toBe('nothing'))

  test.each([
    'email_domain',
    'token_count',
    'years_at_address',
    'has_phone',
    'phone_verified',
    'address_changes',
    'amount',
    'zip',
  ])('%s tells about such a value and not the value', (name) => expect(nameSays(name)).toBe('nothing'))
})
