import { describe, expect, test } from 'vitest'
import { staffIn } from '../../packages/server/src/recording/parties.ts'

const named = (...[kind, record]: Parameters<typeof staffIn>): [string, readonly string[]][] =>
  staffIn(kind, record).map(({ id, pointers }) => [id, pointers])

describe('a member of staff', () => {
  test('is named by every field that an export keeps from the person', () => {
    expect(
      named('decision', {
        humanReviewerId: 'rev',
        metadata: {
          approver: 'app',
          author: { id: 'aut', name: 'Author' },
          human_review: { reviewer: { name: 'Rev' } },
          owner: 'own',
          reviewer: 'Rev Hopper',
          scorer: 'sco',
          second_verifier_id: 'sec',
        },
      }),
    ).toEqual([
      ['rev', ['/humanReviewerId', '/metadata/reviewer', '/metadata/human_review/reviewer']],
      ['app', ['/metadata/approver']],
      ['aut', ['/metadata/author']],
      ['own', ['/metadata/owner']],
      ['sco', ['/metadata/scorer']],
      ['sec', ['/metadata/second_verifier_id']],
    ])
  })

  test('is named in a comment one by one, by the score they gave, and by the action they approved', () => {
    expect(named('comment', { mentions: ['ann', 'bob', 'ann'] })).toEqual([
      ['ann', ['/mentions/0', '/mentions/2']],
      ['bob', ['/mentions/1']],
    ])
    expect(named('score', { scorerId: 'sco', actor: { id: 'i-1' } })).toEqual([
      ['sco', ['/scorerId']],
      ['i-1', ['/actor']],
    ])
    expect(named('action', { metadata: { approver: 'app' } })).toEqual([['app', ['/metadata/approver']]])
  })

  test('is named by what they did in the life of a model', () => {
    expect(named('model.training_completed', { actor: 'ada', modelId: 'm' })).toEqual([['ada', ['/actor']]])
    const approval = { actor: { id: 'i-1' }, approver: { id: 'app', name: 'App' }, modelId: 'm' }
    expect(named('model.deployment_approved', approval)).toEqual([
      ['i-1', ['/actor']],
      ['app', ['/approver']],
    ])
  })

  test('who lets go of a hold stays with it, and whoever contests is no member of staff', () => {
    expect(named('hold.released', { releasedBy: [{ id: 'i-1' }], owner: 'legal' })).toEqual([])
    expect(named('contest', { actor: { id: 'i-1' } })).toEqual([])
  })
})
