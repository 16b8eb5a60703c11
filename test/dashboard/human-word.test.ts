import { describe, expect, test } from 'vitest'
import type { TimelineItem } from '../../packages/dashboard/src/api.ts'
import { humanWord } from '../../packages/dashboard/src/decision/human-word.ts'

const review = (index: number, record: TimelineItem['record']): TimelineItem => ({
  id: `r${index}`,
  kind: 'review',
  index,
  at: '2026-11-21T00:00:00.000Z',
  ...(record && { record }),
})

describe('what a human made of a decision', () => {
  test('is the latest review recorded, not what the decision said of itself', () => {
    const about = [
      review(9, { verdict: 'agree' }),
      review(5, { verdict: 'override', humanDecision: 'approve' }),
    ]
    expect(humanWord({ humanOverride: true }, about)).toEqual({
      text: 'agreed by a human',
      isOverridden: false,
    })
  })

  test('names the decision that took its place', () => {
    expect(humanWord({}, [review(5, { verdict: 'reverse', humanDecision: 'approve' })])).toEqual({
      text: 'reversed by a human: approve',
      isOverridden: true,
    })
  })

  test('is marked as only stated when no review was recorded', () => {
    expect(humanWord({ humanOverride: true, humanDecision: 'approve' }, [])).toEqual({
      text: 'overridden by a human, as stated: approve',
      isOverridden: true,
    })
    expect(humanWord({}, [])).toBeUndefined()
  })
})
