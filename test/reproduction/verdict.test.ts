import type { JsonObject } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { EXACT } from '../../packages/server/src/reproduction/differences.ts'
import type { ReplayPackage } from '../../packages/server/src/reproduction/replay-package.ts'
import { Run } from '../../packages/server/src/reproduction/run.ts'
import { reportOf } from '../../packages/server/src/reproduction/verdict.ts'
import { packageOf } from './package-of.ts'

let drawn = 0
const random = (length: number): Uint8Array => {
  drawn += 1
  const bytes = new Uint8Array(length)
  new DataView(bytes.buffer).setUint32(0, Math.imul(drawn, 0x9e3779b1))
  return bytes
}

type Inputs = { inputFeatures: { income: number } }
type Program = (inputs: Inputs, request: JsonObject) => JsonObject | undefined

/** What a run of a program over decisions says. */
function judged(program: Program, decisions: readonly ReplayPackage[], tolerance = EXACT) {
  const run = new Run(decisions, random)
  for (const line of run.lines()) {
    const request = JSON.parse(line) as { id: string; inputs: Inputs } & JsonObject
    const answer = program(request.inputs, request)
    if (answer !== undefined) run.hear(JSON.stringify({ id: request.id, ...answer }))
  }
  return reportOf(run.replayed(), [], tolerance)
}

const scored = ({ inputFeatures: { income } }: Inputs): JsonObject => ({
  prediction: income > 1000 ? 'approve' : 'decline',
  confidence: Math.min(income / 4000, 1),
})
const decided = (income: number, output?: JsonObject) => {
  const inputs = { inputFeatures: { income } }
  return packageOf({ ...inputs, ...(output ?? scored(inputs)) })
}
const many = Array.from({ length: 20 }, (_, i) => decided(100 + i * 137))

describe('a run', () => {
  test('reproduces what the model gives again, and counts that altered inputs gave another output', () => {
    const report = judged((inputs) => ({ output: scored(inputs) }), many)
    expect(report).toMatchObject({ verdict: 'reproduced', reproduced: 20, isSteady: true })
    expect(report.controls).toEqual({ asked: 20, answered: 20, changed: 20 })
  })

  test('asks with nothing in a request that was recorded as output, named the decision, or tells a control', () => {
    const one = decided(2000, { prediction: 'a-recorded-output', confidence: 0.123456 })
    const run = new Run([one], random)
    const lines = run.lines()
    expect(lines).toHaveLength(6)
    for (const line of lines) {
      expect(line).not.toMatch(/a-recorded-output|0\.123456/)
      expect(line).not.toContain(one.id)
      expect(line).not.toContain(one.decisionId)
      expect(Object.keys(JSON.parse(line) as object).toSorted()).toEqual([
        'id',
        'inputs',
        'model',
        'parameters',
      ])
    }
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(
      lines.map((line) => (JSON.parse(line) as { id: string }).id).toSorted(),
    )
  })

  test('tells where a diverged output differs, and judges it so whatever the controls say', () => {
    const report = judged((inputs) => ({ output: { ...scored(inputs), confidence: 0 } }), [decided(2000)])
    expect(report.items[0]).toMatchObject({
      verdict: 'diverged',
      differences: [{ path: '/confidence', recorded: 0.5, replayed: 0 }],
    })
  })

  test('takes numbers within the tolerance for the same', () => {
    const off = (inputs: Inputs) => ({
      output: { ...scored(inputs), confidence: inputs.inputFeatures.income / 4000 + 1e-9 },
    })
    expect(judged(off, [decided(2000)]).verdict).toBe('diverged')
    expect(judged(off, [decided(2000)], { absolute: 1e-6, relative: 0 }).verdict).toBe('reproduced')
  })

  test('detects a program that gives back what it is given: the request, the inputs, or a part of them', () => {
    const echoes: Program[] = [
      (_, request) => request,
      (inputs) => ({ output: inputs }),
      (inputs) => ({ output: { prediction: inputs } }),
      (inputs) => ({ output: { prediction: inputs.inputFeatures } }),
    ]
    for (const echo of echoes)
      expect(judged(echo, [decided(2000)]).items[0]).toMatchObject({
        verdict: 'not_comparable',
        why: 'echoes_input',
      })
  })

  test('does not take a model for an echo whose output is its input in one case and not in others', () => {
    const decision = packageOf({ input: 'a b c', prediction: 'a b c' })
    const sorting: Program = (_, request) => {
      const { input } = request['inputs'] as { input: string }
      return { output: { prediction: input.split(' ').toSorted().join(' ') } }
    }
    expect(judged(sorting, [decision]).verdict).toBe('reproduced')
  })

  test('detects a program that says what was recorded whatever it is given', () => {
    const report = judged(() => ({ output: { prediction: 'approve', confidence: 0.5 } }), [decided(2000)])
    expect(report.items[0]).toMatchObject({ verdict: 'not_comparable', why: 'ignores_inputs' })
    expect(report.controls).toEqual({ asked: 4, answered: 4, changed: 0 })
  })

  test('detects a program that looks up what was recorded and knows nothing else', () => {
    const known = new Map(many.map(({ inputs, output }) => [JSON.stringify(inputs), output]))
    const report = judged((inputs): JsonObject => {
      const output = known.get(JSON.stringify(inputs))
      return output ? { output } : { error: 'unknown' }
    }, many)
    expect(report).toMatchObject({ verdict: 'not_comparable', reproduced: 0 })
    expect(new Set(report.items.map(({ why }) => why))).toEqual(new Set(['no_control']))
  })

  test('judges a program apart as each model it plays', () => {
    const fixed = packageOf({ modelVersion: '2', inputFeatures: { income: 7 }, prediction: 'approve' })
    const report = judged(
      (inputs, { model }) => ({
        output: (model as JsonObject)['modelVersion'] === '2' ? { prediction: 'approve' } : scored(inputs),
      }),
      [...many, fixed],
    )
    expect(report).toMatchObject({ verdict: 'not_comparable', reproduced: 20, notComparable: 1 })
    expect(report.items.at(-1)?.why).toBe('ignores_inputs')
  })

  test('says when the same question was answered differently', () => {
    let count = 0
    const report = judged(() => ({ output: { prediction: (count += 1) } }), [decided(2000)])
    expect(report).toMatchObject({ verdict: 'diverged', isSteady: false })
  })

  test('compares nothing where there is no answer, words instead, or an answer without the answer', () => {
    const why = (program: Program) => judged(program, [decided(2000)]).items[0]
    expect(why(() => undefined)).toMatchObject({ verdict: 'not_comparable', why: 'no_answer' })
    expect(why(() => ({ error: 'no weights' }))).toMatchObject({ why: 'refused', detail: 'no weights' })
    expect(why(() => ({ output: { confidence: 0.5 } }))).toMatchObject({ why: 'incomplete_answer' })
    expect(why(() => ({ output: { prediction: null } }))).toMatchObject({ why: 'incomplete_answer' })
  })

  test('names recorded output that the program left out, and takes one that was never recorded for a difference', () => {
    const { confidence: _, ...less } = scored({ inputFeatures: { income: 2000 } })
    const report = judged(
      (inputs) => ({ output: { prediction: scored(inputs)['prediction']! } }),
      [decided(2000)],
    )
    expect(report.items[0]).toMatchObject({ verdict: 'reproduced', notReplayed: ['confidence'] })
    const more = judged((inputs) => ({ output: scored(inputs) }), [decided(2000, less)])
    expect(more.items[0]?.differences).toEqual([{ path: '/confidence', replayed: 0.5 }])
  })

  test('counts lines that answer nothing, and takes the first answer to a question', () => {
    const run = new Run([decided(2000)], random)
    const { id } = JSON.parse(run.lines()[0]!) as { id: string }
    for (const line of ['warming up', '', '[1]', '{"id":"other","output":{}}', '{"output":{}}'])
      run.hear(line)
    run.hear(JSON.stringify({ id, output: { prediction: 1 } }))
    run.hear(JSON.stringify({ id, output: { prediction: 2 } }))
    expect(run.stray).toBe(5)
    expect(run.unanswered).toBe(5)
  })
})
