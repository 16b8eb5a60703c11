import { describe, expect, test } from 'vitest'
import {
  ERASURE_GROUNDS,
  isUnderWay,
  standingText,
  stepsOf,
} from '../../packages/dashboard/src/erasure/erasure.ts'
import type { Erasure } from '../../packages/dashboard/src/erasure/erasure.ts'
import {
  EMPTY_HOLD,
  HOLD_GROUNDS as SHOWN_HOLD_GROUNDS,
  holdOf,
  missingInHold,
  scopeText,
  stateText,
} from '../../packages/dashboard/src/holds/hold.ts'
import { ownLookText } from '../../packages/dashboard/src/own/words.ts'
import { byCount } from '../../packages/dashboard/src/people/person.ts'
import {
  clockOf,
  inOrder,
  obstacleTo,
  REQUEST_TYPES as SHOWN_TYPES,
  spanText,
} from '../../packages/dashboard/src/people/request.ts'
import type { PersonRequest } from '../../packages/dashboard/src/people/request.ts'
import { restrictionText } from '../../packages/dashboard/src/privacy/words.ts'
import { valueOf } from '../../packages/dashboard/src/people/value-typed.ts'
import { REQUEST_TYPES } from '@deponent/format'
import { GROUNDS } from '../../packages/server/src/erasure/erasure.ts'
import { HOLD_GROUNDS } from '../../packages/server/src/rights/holds.ts'
import { dueAtOf, extendedTo } from '../../packages/server/src/rights/requests.ts'

const DAY_MS = 86_400_000
const RECEIVED = Date.parse('2026-01-31T12:00:00Z')

function request(more: Partial<PersonRequest> = {}): PersonRequest {
  return {
    requestId: 'r-0123456789abcdef',
    requestType: 'access',
    subject: 'ab'.repeat(16),
    state: 'open',
    isExtended: false,
    identity: 'unchecked',
    isMarketing: false,
    receivedAt: new Date(RECEIVED).toISOString(),
    dueAt: new Date(dueAtOf(RECEIVED)).toISOString(),
    isOverdue: false,
    entry: { index: 4, id: '01970000-0000-7000-8000-000000000004' },
    ...more,
  }
}

describe('the words of this page', () => {
  test('name the grounds and kinds of request the server knows, and no others', () => {
    expect(ERASURE_GROUNDS.map(([ground]) => ground).toSorted()).toEqual([...GROUNDS].toSorted())
    expect(SHOWN_HOLD_GROUNDS.map(([ground]) => ground).toSorted()).toEqual([...HOLD_GROUNDS].toSorted())
    expect([...SHOWN_TYPES].toSorted()).toEqual([...REQUEST_TYPES].toSorted())
  })
})

describe('the clock of a request', () => {
  test('says how much is left, and warns in the last week', () => {
    expect(clockOf(request(), RECEIVED + 10 * DAY_MS)).toMatchObject({ tone: 'calm', text: '18 days left' })
    expect(clockOf(request(), RECEIVED + 22 * DAY_MS)).toMatchObject({ tone: 'soon', text: '6 days left' })
    expect(clockOf(request(), RECEIVED + 27.5 * DAY_MS)).toMatchObject({ text: '12 hours left' })
  })

  test('says how long an answer is overdue, and that a closed one was late', () => {
    expect(clockOf(request(), RECEIVED + 40 * DAY_MS)).toMatchObject({
      tone: 'late',
      part: 1,
      text: '12 days overdue',
    })
    const closedAt = new Date(RECEIVED + 30 * DAY_MS).toISOString()
    const closed = request({ state: 'answered', closedAt })
    expect(clockOf(closed, RECEIVED + 400 * DAY_MS)).toMatchObject({
      tone: 'done',
      text: 'answered after 30 days, 2 days late',
    })
  })

  test('marks where the first month ended when it was extended, on the day the server counts', () => {
    const dueAt = new Date(extendedTo(RECEIVED)).toISOString()
    const { firstDue } = clockOf(request({ state: 'extended', isExtended: true, dueAt }), RECEIVED)
    const expected = (dueAtOf(RECEIVED) - RECEIVED) / (extendedTo(RECEIVED) - RECEIVED)
    expect(firstDue).toBeCloseTo(expected, 12)
    expect(clockOf(request(), RECEIVED).firstDue).toBeUndefined()
  })

  test('counts whole days, and hours below two of them', () => {
    expect([0, 3_600_000, 47 * 3_600_000, 2 * DAY_MS].map(spanText)).toEqual([
      'less than an hour',
      '1 hour',
      '47 hours',
      '2 days',
    ])
  })
})

describe('a step of a request', () => {
  test('with content waits for the identity check', () => {
    expect(obstacleTo('answer', request(), RECEIVED)).toContain('identity')
    expect(obstacleTo('answer', request({ identity: 'confirmed' }), RECEIVED)).toBeUndefined()
    expect(obstacleTo('answer', request({ requestType: 'objection' }), RECEIVED)).toBeUndefined()
  })

  test('that extends it is taken once, within the first month', () => {
    expect(obstacleTo('extend', request(), RECEIVED)).toBeUndefined()
    expect(obstacleTo('extend', request({ isExtended: true, state: 'extended' }), RECEIVED)).toContain('once')
    expect(obstacleTo('extend', request(), RECEIVED + 40 * DAY_MS)).toContain('first month')
  })

  test('that refuses is not there for an objection to direct marketing', () => {
    expect(obstacleTo('refuse', request({ isMarketing: true }), RECEIVED)).toContain('Art. 21(3)')
  })

  test('is not there for what is closed', () => {
    for (const step of ['identity', 'extend', 'answer', 'refuse'] as const)
      expect(obstacleTo(step, request({ state: 'refused' }), RECEIVED)).toBe('It is refused.')
  })
})

test('requests that wait come first, the most urgent on top, and closed ones after them', () => {
  const due = (days: number) => new Date(RECEIVED + days * DAY_MS).toISOString()
  const listed = inOrder([
    request({ requestId: 'closed', state: 'answered' }),
    request({ requestId: 'later', dueAt: due(20) }),
    request({ requestId: 'overdue', dueAt: due(-3) }),
  ])
  expect(listed.map(({ requestId }) => requestId)).toEqual(['overdue', 'later', 'closed'])
})

describe('a person', () => {
  test('is restricted for reasons that are told', () => {
    expect(restrictionText(['objection', 'erasure_waits'])).toBe(
      'an objection is weighed, or was upheld (Art. 21); an erasure waits for a hold',
    )
  })

  test('has counts with the most first', () => {
    expect(byCount({ review: 1, decision: 4 })).toEqual([
      { name: 'decision', count: 4, part: 1 },
      { name: 'review', count: 1, part: 0.25 },
    ])
  })

  test('is not “you” to somebody else', () => {
    const look = { at: '', action: 'own_export', role: 'subject' }
    expect(ownLookText(look)).toBe('You exported everything recorded.')
    expect(ownLookText(look, 'The person')).toBe('The person exported everything recorded.')
  })

  test('is corrected with a value as it was typed: JSON where it is, words otherwise', () => {
    expect(['42', 'true', '"42"', 'forty'].map(valueOf)).toEqual([42, true, '42', 'forty'])
  })
})

describe('the form for a hold', () => {
  const draft = {
    ...EMPTY_HOLD,
    people: 'p-1\n p-2 \n',
    owner: 'legal',
    reviewOn: '2027-01-01',
    reason: 'case 1',
  }
  const now = Date.parse('2026-11-28T12:00:00Z')

  test('asks for what is missing, one thing at a time', () => {
    expect(missingInHold(EMPTY_HOLD, now)).toBe('Say what is held.')
    expect(missingInHold({ ...draft, owner: '' }, now)).toBe('Say who answers for it.')
    expect(missingInHold({ ...draft, reviewOn: '2026-11-28' }, now)).toBe('A review lies ahead.')
    expect(missingInHold({ ...draft, reason: ' ' }, now)).toBe('Say why.')
    expect(missingInHold(draft, now)).toBeUndefined()
  })

  test('holds the last day whole, and names nothing that was left empty', () => {
    expect(holdOf({ ...draft, to: '2026-11-30', systems: 'a, b' })).toEqual({
      ground: 'gdpr_17_3_e',
      scope: { subjects: ['p-1', 'p-2'], systems: ['a', 'b'], to: '2026-12-01T00:00:00.000Z' },
      owner: 'legal',
      reason: 'case 1',
      reviewAt: '2027-01-01T00:00:00Z',
    })
  })

  test('is read back part by part', () => {
    const scope = { subjects: ['a'], decisions: ['x', 'y'], from: '2026-01-01T00:00:00Z' }
    expect(scopeText(scope)).toEqual(['1 person', '2 decisions', 'received from 1 Jan 2026'])
    expect(stateText({ state: 'placed', isPastReview: true })).toBe('stands, past its review')
  })
})

describe('an erasure', () => {
  const erasure: Erasure = {
    erasureId: 'e',
    status: 'pending',
    waitingFor: null,
    failure: null,
    holds: [],
    ground: 'other',
    requestedAt: '2026-11-28T12:00:00.000Z',
    receipt: null,
  }

  test('shows its waits on its way, and only when it waits', () => {
    expect(stepsOf(erasure).map(({ name, state }) => `${name}: ${state}`)).toEqual([
      'asked for: done',
      'carried out: now',
      'receipt: ahead',
    ])
    expect(stepsOf({ ...erasure, waitingFor: 'approval' })[1]).toEqual({
      name: 'a second person agrees',
      state: 'now',
    })
  })

  test('is asked about again while it runs, and not while it waits', () => {
    expect(isUnderWay(erasure)).toBe(true)
    expect(isUnderWay({ ...erasure, waitingFor: 'hold' })).toBe(false)
    expect(isUnderWay({ ...erasure, status: 'completed' })).toBe(false)
  })

  test('says what it waits for', () => {
    expect(standingText({ ...erasure, waitingFor: 'hold', holds: ['h-1', 'h-2'] })).toBe(
      'waits for 2 holds to be released',
    )
  })
})
