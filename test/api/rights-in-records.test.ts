import type { CanonicalRecord } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { recordView, type Seeing } from '../../packages/server/src/api/record-view.ts'

const SEALED = { sealed: true }
const AUDITOR: Seeing = {
  classes: new Set(['plain', 'identifier', 'protected']),
  sealedFeatures: new Set(),
}
const WORDS = 'has multiple sclerosis; the lawyer says to wait'

/** Fields of each kind that are somebody's words or name somebody, beside one that says what was done. */
const TOLD: [kind: string, shown: CanonicalRecord, covered: string[]][] = [
  [
    'request',
    { requestId: 'r-1', requestType: 'objection', status: 'refused', exceptionPinpoint: 'gdpr_21_1' },
    ['statement', 'representative', 'channel', 'decisions', 'identityCheck', 'extensionReason', 'actions'],
  ],
  ['request', { requestType: 'access', status: 'answered' }, ['answer', 'refusalReason', 'assessment']],
  ['rectification', { basis: 'observed' }, ['values', 'statement', 'reason', 'requestRef', 'affectedUserId']],
  ['hold.placed', { holdId: 'h-1', ground: 'litigation' }, ['reason', 'owner', 'affectedSubjects']],
  ['hold.released', { holdId: 'h-1' }, ['reason', 'releasedBy']],
  ['subject.restricted', { ground: 'gdpr_18_1_a' }, ['reason', 'requestRef', 'decisions']],
  ['subject.merged', {}, ['reason', 'affectedSubjects']],
  [
    'erasure',
    { erasureId: 'e-1', setRoot: 'ab', count: 3 },
    ['reason', 'requestRef', 'requester', 'approver'],
  ],
  ['notice', { noticeType: 'erasure_delayed', status: 'queued' }, ['recipient', 'requestRef', 'metadata']],
]

describe('records of rights, holds and erasures', () => {
  test.each(TOLD)(
    'of kind %s show what was done, and words and names for a purpose only',
    (kind, shown, covered) => {
      const record = { ...shown, ...Object.fromEntries(covered.map((name) => [name, WORDS])) }
      const view = recordView(kind, record, AUDITOR)
      expect(view).toEqual({ ...shown, ...Object.fromEntries(covered.map((name) => [name, SEALED])) })
      const classes = new Set([...AUDITOR.classes, 'sealed' as const])
      expect(recordView(kind, record, { ...AUDITOR, classes, revealed: 'all' })).toEqual(record)
    },
  )

  test('cover a field that nobody has thought of yet', () => {
    expect(recordView('subject.restricted', { diagnosis: WORDS }, AUDITOR)).toEqual({ diagnosis: SEALED })
    expect(recordView('decision', { colour: WORDS }, AUDITOR)).toEqual({ colour: WORDS })
  })
})
