import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  detect,
  detectInNumber,
  SCANNED_CHARACTERS_MAX,
} from '../../packages/server/src/vault/classify/detect.ts'
import { nameSays } from '../../packages/server/src/vault/classify/field-names.ts'
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
