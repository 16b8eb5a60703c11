import { describe, expect, test } from 'vitest'
import {
  ACTS,
  beyondText,
  denialText,
  doneText,
  isHidden,
  kindOf,
  OPERATIONS,
  questionOf,
} from '../../packages/dashboard/src/access/look.ts'
import type { Look } from '../../packages/dashboard/src/access/look.ts'
import { lookFiltersIn, lookQuery } from '../../packages/dashboard/src/access/look-filters.ts'
import { looksPerDay } from '../../packages/dashboard/src/access/looks-per-day.ts'
import { ownLookText } from '../../packages/dashboard/src/own/words.ts'
import { ACTION_NAMES } from '../../packages/server/src/access/action.ts'
import { ROUTES } from '../../packages/server/src/api/contract.ts'

const look = (more: Partial<Look> = {}): Look => ({
  id: 'x',
  index: 1,
  at: '2026-11-28T10:00:00.000Z',
  actor: { id: 'i-1', name: 'Rosa', role: 'reviewer' },
  action: 'read',
  operation: 'getDecision',
  result: 'read',
  ...more,
})

describe('a look in words', () => {
  test('is known for every operation that is put on record', () => {
    const recorded = ROUTES.filter(({ look: how }) => how !== 'none').map(({ operation }) => operation)
    expect(recorded.filter((operation) => OPERATIONS[operation] === undefined)).toEqual([])
    expect(ACTION_NAMES.filter((action) => ACTS[action] === undefined)).toEqual([])
  })

  test('tells an opened decision from one whose sealed fields were revealed', () => {
    expect(doneText(look())).toBe('opened a decision')
    expect(kindOf(look({ action: 'reveal', fields: ['/messages'] }))).toBe('revealed')
    expect(doneText(look({ action: 'reveal', fields: ['/messages'] }))).toBe('revealed /messages')
    expect(doneText(look({ action: 'reveal', fields: ['all'] }))).toBe('revealed all sealed fields')
  })

  test('marks what was denied, with the reason where it is known', () => {
    const denied = look({ action: 'keys', operation: 'listKeys', result: 'denied', code: 'forbidden' })
    expect([kindOf(denied), doneText(denied)]).toEqual(['denied', 'was not allowed to see the list of keys'])
    expect(denialText('forbidden')).toBe('no role of the key allows it')
    expect(denialText('something_new')).toBe('something_new')
  })

  test('says how often it stands for the same look, and where looks may be missing', () => {
    const times = { from: '2026-11-28T10:00:00.000Z', until: '2026-11-28T10:00:58.000Z' }
    expect(beyondText(look({ repeats: 14, ...times }))).toBe(
      'the same again 14 times between 10:00:00 and 10:00:58',
    )
    expect(beyondText(look({ action: 'gap', ...times }))).toContain('may be unrecorded')
    expect(beyondText(look())).toBeUndefined()
  })

  test('gives the question part by part', () => {
    expect(questionOf(look({ query: { ':id': 'a', reveal: '/x' } }))).toEqual([
      ['id', 'a'],
      ['reveal', '/x'],
    ])
    expect(questionOf(look())).toEqual([])
  })

  test('says so where a token stands for what was typed', () => {
    const hidden = (query: Record<string, string>): boolean => isHidden(questionOf(look({ query })))
    expect(hidden({ q: 'token:0123456789abcdef' })).toBe(true)
    expect(hidden({ 'feature.token:0123456789abcdef': '?' })).toBe(true)
    expect(hidden({ limit: '20', subject: '0123456789abcdef' })).toBe(false)
  })

  test('tells a person in which role and what for, never by whom', () => {
    expect(ownLookText({ at: '', action: 'read', role: 'reviewer', purpose: 'appeal' })).toBe(
      'Somebody who reviews decisions opened it for “appeal”.',
    )
    expect(ownLookText({ at: '', action: 'list', role: 'subject', repeats: 2 })).toBe(
      'You found it in a list, 2 times more.',
    )
  })
})

describe('the picture of looks', () => {
  test('has every day between the first and the last, and counts repeats as often as they were', () => {
    const days = looksPerDay([
      look({ at: '2026-11-28T10:00:00Z', repeats: 3 }),
      look({ at: '2026-11-26T10:00:00Z', result: 'denied' }),
      look({ at: '2026-11-26T11:00:00Z', action: 'gap' }),
    ])
    expect(days.map(({ day, total }) => [day, total])).toEqual([
      ['2026-11-26', 1],
      ['2026-11-27', 0],
      ['2026-11-28', 3],
    ])
    expect(days[0]!.counts.denied).toBe(1)
  })
})

describe('the filters of looks', () => {
  test('are those of the address that are known, and a last day is meant whole', () => {
    const filters = lookFiltersIn({ role: 'auditor', to: '2026-11-28', ledger: 'acme', columns: 'x' })
    expect(filters).toEqual({ role: 'auditor', to: '2026-11-28' })
    expect(lookQuery(filters).get('to')).toBe('2026-11-29T00:00:00.000Z')
  })
})
