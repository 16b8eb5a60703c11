import type { JsonObject } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { isReplayable } from '../../packages/server/src/reproduction/replay-package.ts'
import { packageOf } from './package-of.ts'

const needed = (record: JsonObject, erasedFields?: number) =>
  packageOf(record, {}, erasedFields)
    .missing.filter(({ isNeeded }) => isNeeded)
    .map(({ path, reason }) => `${path} ${reason}`)

describe('a replay package', () => {
  test('has inputs, parameters, model and output apart, and neither people nor protected attributes among the inputs', () => {
    const one = packageOf({
      input: { loan: 3 },
      inputFeatures: { income: 900 },
      protectedAttributes: { sex: 'f' },
      affectedUserId: 'ann',
      modelChecksum: 'sha256:ab',
      threshold: 0.5,
      inference: { settings: { seed: 7 } },
      prediction: 'approve',
      confidence: 0.9,
    })
    expect(one.inputs).toEqual({ input: { loan: 3 }, inputFeatures: { income: 900 } })
    expect(one.parameters).toEqual({ threshold: 0.5, inference: { settings: { seed: 7 } } })
    expect(one.model).toEqual({ modelId: 'risk', modelVersion: '1', modelChecksum: 'sha256:ab' })
    expect(one.output).toEqual({ prediction: 'approve', confidence: 0.9 })
    expect(isReplayable(one)).toBe(true)
  })

  test('keeps what the model answered at the end of messages out of the inputs', () => {
    const asked = [
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'hi' },
      { role: 'user', content: 'shall I?' },
    ]
    const answered = [...asked, { role: 'assistant', content: 'it depends' }]
    const withPrediction = packageOf({ messages: answered, prediction: 'it depends' })
    expect(withPrediction.inputs).toEqual({ messages: asked })
    expect(withPrediction.output).toEqual({ prediction: 'it depends' })
    const alone = packageOf({ messages: answered })
    expect(alone.inputs).toEqual({ messages: asked })
    expect(alone.output).toEqual({ messages: answered.slice(3) })
    expect(isReplayable(alone)).toBe(true)
  })

  test('names what is sealed, withheld, erased, replaced, left out or was never reported, and that it is needed', () => {
    const sealed = { sealed: true }
    expect(needed({ input: sealed, prediction: 1 })).toEqual(['/input sealed'])
    expect(needed({ inputFeatures: { a: 1, 'b/c': sealed }, prediction: 1 })).toEqual([
      '/inputFeatures/b~1c sealed',
    ])
    expect(
      needed({ inputFeatures: { age: { sealed: true, withheld: 'protected' } }, prediction: 1 }),
    ).toEqual(['/inputFeatures/age withheld'])
    expect(needed({ input: 1, prediction: 1 }, 2)).toEqual([' erased'])
    expect(
      needed({
        input: { mail: 'pn_x' },
        prediction: 1,
        classification: {
          policy: 2,
          pseudonymised: ['/input/mail', '/metadata/x'],
          dropped: ['/input/iban'],
        },
      }),
    ).toEqual(['/input/mail pseudonymised', '/input/iban dropped'])
    expect(needed({ prediction: 1 })).toEqual(['/input not_recorded'])
    expect(needed({ input: 1, status: 'error' })).toEqual(['/prediction not_recorded'])
    expect(needed({ input: 1, prediction: '[not captured]' })).toEqual(['/prediction not_recorded'])
    expect(needed({ input: 1, prediction: { sum: sealed } })).toEqual(['/prediction/sum sealed'])
    expect(needed({ messages: sealed })).toEqual(['/messages sealed', '/messages sealed'])
  })

  test('tells what would help and is not there, without which it can still be compared', () => {
    const bare = packageOf({ input: 1, prediction: 2, inference: { runtime: { environment: 'sha256:ab' } } })
    expect(bare.missing).toEqual([
      { path: '/modelChecksum', reason: 'not_recorded', isNeeded: false },
      { path: '/inference/runtime/environment', reason: 'withheld', isNeeded: false },
      { path: '/modelEvents', reason: 'withheld', isNeeded: false },
    ])
    const lost = packageOf(
      { input: 1, prediction: 2, inference: { runtime: { environment: 'sha256:ab' } } },
      { environment: null },
    )
    expect(lost.missing).toContainEqual({
      path: '/inference/runtime/environment',
      reason: 'not_found',
      isNeeded: false,
    })
    const told = packageOf({ input: 1, prediction: 2 }, { modelEvents: [] })
    expect(told.missing.map(({ path, reason }) => `${path} ${reason}`)).toEqual([
      '/modelChecksum not_recorded',
      '/inference/runtime/environment not_recorded',
      '/modelEvents not_found',
    ])
  })

  test('says where the recorded answer stands among the inputs, but for what stands in many places by chance', () => {
    const answer = 'the loan was declined'
    const twice = { input: { 'said/before': [answer] }, contextData: answer, prediction: answer }
    expect(packageOf(twice).answerInInputs).toEqual(['/input/said~1before/0', '/contextData'])
    expect(packageOf({ input: { was: { a: 1 } }, prediction: { a: 1 } }).answerInInputs).toEqual([
      '/input/was',
    ])
    expect(packageOf({ input: ['yes', 1, true], prediction: 'yes' }).answerInInputs).toEqual([])
    expect(packageOf({ input: [1], prediction: 1 }).answerInInputs).toEqual([])
  })

  test('does not take what is covered on both sides for the same answer', () => {
    const sealed = { sealed: true }
    expect(packageOf({ input: sealed, prediction: sealed }).answerInInputs).toEqual([])
    const inList = packageOf({ input: { was: [sealed] }, prediction: [sealed] })
    expect(inList.answerInInputs).toEqual([])
  })
})
