import { afterEach, describe, expect, test } from 'vitest'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { DEFAULT_CLASSIFICATION } from '../../packages/server/src/vault/classify/policy.ts'
import { erasuresOver, requestAbout } from '../erasure/erasing.ts'
import { newPlace } from '../recording/open-tenant.ts'
import { recordsOf, takeLogs, takeSpans, until } from './open-traces.ts'
import { idOf, type SpanOfTest, TRACE } from './spans.ts'
import { agent, chat, closeAll, closing, has, nameOf, open, tool } from './traced-ledger.ts'

afterEach(closeAll)

describe('a trace', () => {
  test('is one decision although its inner spans came first and alone', async () => {
    const opened = await open()
    const { tenant, traces, clock } = opened
    await takeSpans(traces, { id: 'llm', parent: 'agent', attributes: chat })
    clock.advance(5_000)
    await takeSpans(traces, { id: 'tool', parent: 'agent', attributes: tool })
    clock.advance(5_000)
    await takeSpans(traces, { id: 'agent', attributes: { ...agent, 'audit.subject.id': 'p-1' } })
    await until(clock, has(opened, 'trace.span', 3))
    const decisions = await recordsOf(tenant, 'decision')
    expect(decisions).toMatchObject([{ decisionId: nameOf('agent'), affectedUserId: 'p-1' }])
  })

  test('that comes after all makes a decision that supersedes what was recorded of it', async () => {
    const opened = await open()
    const { tenant, traces, clock } = opened
    await takeSpans(traces, { id: 'llm', parent: 'agent', attributes: chat })
    await until(clock, has(opened, 'trace.span', 1))
    await takeSpans(traces, { id: 'agent', attributes: agent })
    await until(clock, has(opened, 'trace.span', 2))
    const [first, second] = await recordsOf(tenant, 'decision')
    expect(first).toMatchObject({ decisionId: nameOf('llm') })
    const [index] = await tenant.recorder.findDecisions(nameOf('llm'))
    const { id } = await tenant.ledger.entry(index!)
    expect(second).toMatchObject({ decisionId: nameOf('agent'), links: [{ rel: 'supersedes', id }] })
  })

  test('keeps a late span of a decision with it, after a restart too', async () => {
    const place = await newPlace()
    const before = await open(place)
    await takeSpans(before.traces, {
      id: 'agent',
      attributes: { ...agent, 'audit.subject.id': 'p-1' },
    })
    await until(before.clock, has(before, 'trace.span', 1))
    await before.close()
    const opened = await open(place)
    const { tenant, traces, clock } = opened
    await takeSpans(traces, { id: 'llm', parent: 'agent', attributes: chat })
    await until(clock, has(opened, 'trace.span', 2))
    expect(await recordsOf(tenant, 'decision')).toHaveLength(1)
    expect((await recordsOf(tenant, 'trace.span'))[1]).toMatchObject({ name: 'llm', late: true })
  })

  test('sent again after a restart adds nothing', async () => {
    const place = await newPlace()
    const spans: SpanOfTest[] = [
      { id: 'agent', attributes: agent },
      { id: 'llm', parent: 'agent', attributes: chat },
    ]
    const before = await open(place)
    await takeSpans(before.traces, ...spans)
    await until(before.clock, has(before, 'trace.span', 2))
    await before.close()
    const opened = await open(place)
    const { size } = opened.tenant.ledger
    await takeSpans(opened.traces, ...spans)
    await until(opened.clock, () => opened.traces.waiting === 0)
    await opened.traces.close()
    expect(opened.tenant.ledger.size).toBe(size)
  })

  test('without a decision is recorded all the same, for whom it is about', async () => {
    const opened = await open()
    const { tenant, traces, clock } = opened
    await takeSpans(
      traces,
      { id: 'http', attributes: { 'audit.subject.id': 'p-1' } },
      { id: 'sql', parent: 'http' },
    )
    await until(clock, has(opened, 'trace.span', 2))
    expect(await recordsOf(tenant, 'decision')).toEqual([])
    expect(await recordsOf(tenant, 'trace.span')).toMatchObject([
      { affectedSubjects: ['p-1'] },
      { affectedSubjects: ['p-1'] },
    ])
  })

  test('whose decision does not fit into a record is a decision in fewer words, and its spans have them all', async () => {
    const opened = await open()
    const { tenant, traces, clock } = opened
    const large = {
      ...chat,
      'gen_ai.input.messages': JSON.stringify([{ role: 'user', content: 'x'.repeat(160_000) }]),
    }
    const answer = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.call.result': 'y'.repeat(160_000) }
    await takeSpans(
      traces,
      { id: 'llm', attributes: large },
      { id: 'tool', parent: 'llm', attributes: answer },
    )
    await until(clock, has(opened, 'trace.span', 2))
    expect(await recordsOf(tenant, 'decision')).toMatchObject([
      {
        modelId: 'm',
        prediction: { withheldAtSource: true },
        tags: ['otel', 'incomplete-evidence'],
        metadata: { otel: { incomplete: ['refused_payload_too_large'] } },
      },
    ])
  })
})

test('a judgement that comes as a log record is a score of its decision, once', async () => {
  const opened = await open()
  const { tenant, traces, clock } = opened
  const log = {
    traceId: TRACE,
    spanId: idOf('llm'),
    eventName: 'gen_ai.evaluation.result',
    attributes: [
      { key: 'gen_ai.evaluation.name', value: { stringValue: 'groundedness' } },
      { key: 'gen_ai.evaluation.score.value', value: { doubleValue: 0.25 } },
      { key: 'gen_ai.evaluation.explanation', value: { stringValue: 'no source says so' } },
    ],
  }
  await takeSpans(traces, { id: 'llm', attributes: chat })
  await takeLogs(traces, log)
  await until(clock, has(opened, 'score', 1))
  await takeLogs(traces, log)
  await until(clock, () => traces.waiting === 0)
  await takeLogs(traces, { eventName: 'started', body: { stringValue: 'of no trace' } })
  await until(clock, has(opened, 'trace.log', 2))
  expect(await recordsOf(tenant, 'score')).toMatchObject([
    { name: 'groundedness', value: 0.25, comment: 'no source says so', links: [{ rel: 'partOf' }] },
  ])
})

test('a person who is erased takes the spans of their decisions along, those that came late too', async () => {
  const opened = await open()
  const { tenant, traces, clock } = opened
  const erasures = erasuresOver(tenant, clock, realRandom)
  await erasures.begin()
  closing.push(() => erasures.close())
  const secret = { ...chat, 'gen_ai.input.messages': '[{"role":"user","content":"her secret"}]' }
  await takeSpans(
    traces,
    { id: 'http', attributes: { 'audit.subject.id': 'p-1' } },
    { id: 'llm', parent: 'http', attributes: secret },
  )
  await until(clock, has(opened, 'trace.span', 2))
  await takeSpans(traces, { id: 'tool', parent: 'llm', attributes: tool })
  await until(clock, has(opened, 'trace.span', 3))
  await erasures.request(requestAbout(tenant, 'p-1'))
  await erasures.settled()
  expect(await recordsOf(tenant, 'trace.span')).toEqual([])
  // What of theirs is sent again stays away.
  const { size } = tenant.ledger
  await takeSpans(traces, { id: 'llm', parent: 'http', attributes: secret })
  await until(clock, () => traces.waiting === 0)
  await traces.close()
  expect(tenant.ledger.size).toBe(size)
})

test.each([
  ['inputs are not kept', { includeInputs: false }],
  ['outputs are not kept', { includeOutputs: false }],
  ['only decisions are kept', { capture: 'decision' as const }],
])(
  'where %s, spans say nothing in their own words, nor anything it could be tried out by',
  async (_, more) => {
    const opened = await open(undefined, { policy: { ...DEFAULT_CLASSIFICATION, ...more } })
    const secret = { ...chat, 'gen_ai.input.messages': '[{"role":"user","content":"her secret"}]' }
    await takeSpans(opened.traces, { id: 'llm', attributes: secret })
    await until(opened.clock, has(opened, 'trace.span', 1))
    const [span] = await recordsOf(opened.tenant, 'trace.span')
    expect(span).toMatchObject({ name: 'llm', classification: { dropped: ['/metadata'] } })
    expect(Object.keys(span!)).not.toContain('metadata')
    expect(Object.keys(span!)).not.toContain('sourceDigest')
    expect(JSON.stringify(await recordsOf(opened.tenant, 'decision'))).not.toContain('her secret')
  },
)
