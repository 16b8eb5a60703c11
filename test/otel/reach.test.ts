/** Who may record in which system by spans, whoever else speaks of the same trace. */
import { afterEach, expect, test } from 'vitest'
import { readTelemetry } from '../../packages/server/src/ingest/otlp/read.ts'
import type { Span } from '../../packages/server/src/ingest/otlp/telemetry.ts'
import { recordsOf, takeSpans, takeSpansOf, until } from './open-traces.ts'
import { bytesOf, jsonSpan, type SpanOfTest, tracesOf } from './spans.ts'
import { agent, chat, closeAll, has, nameOf, open, tool } from './traced-ledger.ts'

afterEach(closeAll)

const spansOf = (service: string, ...spans: SpanOfTest[]): Span[] =>
  readTelemetry('traces', 'json', bytesOf(tracesOf(spans.map(jsonSpan), { 'service.name': service }))).spans

test('a key narrowed to one system neither adds to a decision of another nor takes its place', async () => {
  const opened = await open()
  const { tenant, traces, clock } = opened
  const till = { system: 'till', reach: ['till'] }
  const theirs = { ...chat, 'gen_ai.output.messages': '"yes"', 'audit.subject.id': 'p-9' }
  await takeSpansOf(
    traces,
    till,
    spansOf(
      'till',
      { id: 'agent', start: -50, attributes: agent },
      { id: 'below', parent: 'llm', start: 50, attributes: theirs },
    ),
  )
  await takeSpans(
    traces,
    { id: 'agent', attributes: agent },
    { id: 'llm', parent: 'agent', attributes: chat },
  )
  await until(clock, has(opened, 'trace.span', 4))
  const decisions = await recordsOf(tenant, 'decision')
  expect(
    Object.fromEntries(
      decisions.map(({ decisionId, system }) => [`${system as string} ${decisionId as string}`, 1]),
    ),
  ).toEqual({
    [`till ${nameOf('agent')}`]: 1,
    [`till ${nameOf('below')}`]: 1,
    [`loans ${nameOf('agent')}`]: 1,
  })
  const loans = decisions.find(({ system }) => system === 'loans')
  expect(loans).toMatchObject({
    prediction: [{ parts: [{ content: 'no' }] }],
    metadata: { otel: { spans: 2 } },
  })
  expect(loans).not.toHaveProperty('affectedUserId')
})

test('what comes late by a key narrowed to another system is no part of a decision', async () => {
  const opened = await open()
  const { tenant, traces, clock } = opened
  await takeSpans(traces, { id: 'agent', attributes: agent })
  await until(clock, has(opened, 'trace.span', 1))
  const late = spansOf('till', { id: 'tool', parent: 'agent', attributes: tool })
  await takeSpansOf(traces, { system: 'till', reach: ['till'] }, late)
  await until(clock, has(opened, 'trace.span', 2))
  const span = (await recordsOf(tenant, 'trace.span'))[1]
  expect(span).toMatchObject({ name: 'tool', system: 'till' })
  expect(span).not.toHaveProperty('links')
})

test('a span that calls its decision by the entry of one in another system is no part of that', async () => {
  const refused: string[] = []
  const opened = await open(undefined, { refused })
  const { tenant, traces, clock } = opened
  await takeSpans(traces, { id: 'llm', attributes: chat })
  await until(clock, has(opened, 'trace.span', 1))
  const [index] = await tenant.recorder.findDecisions(nameOf('llm'))
  const { id } = await tenant.ledger.entry(index!)
  const till = { system: 'till', reach: ['till'] }
  for (const trace of ['1', '2'])
    await takeSpansOf(
      traces,
      till,
      spansOf('till', {
        id: `n${trace}`,
        trace: trace.repeat(32),
        attributes: { ...chat, 'audit.decision.id': id },
      }),
    )
  await until(clock, has(opened, 'trace.span', 3))
  const linked = (await recordsOf(tenant, 'trace.span')).flatMap(
    ({ links }) => (links as { id: string }[] | undefined) ?? [],
  )
  expect(linked.filter((link) => link.id === id)).toHaveLength(1)
  expect(refused).toEqual(['id_conflict'])
})

test('spans of one trace that name no system are each in the system their request was sent to', async () => {
  const opened = await open()
  const { tenant, traces, clock } = opened
  await takeSpansOf(traces, { system: 'a' }, spansOf('', { id: 'agent', attributes: agent }))
  await takeSpansOf(traces, { system: 'b' }, spansOf('', { id: 'tool', parent: 'agent', attributes: tool }))
  await until(clock, has(opened, 'trace.span', 2))
  const systems = (await recordsOf(tenant, 'trace.span')).map(({ name, system }) => [name, system])
  expect(Object.fromEntries(systems)).toEqual({ agent: 'a', tool: 'b' })
})

test('a judgement is in the system of who judges', async () => {
  const opened = await open()
  const { tenant, traces, clock } = opened
  await takeSpans(traces, { id: 'llm', attributes: chat })
  const judged = {
    name: 'gen_ai.evaluation.result',
    attributes: { 'gen_ai.evaluation.name': 'tone', 'gen_ai.evaluation.score.value': 1 },
  }
  const judge = spansOf('evals', { id: 'judge', parent: 'llm', attributes: tool, events: [judged] })
  await takeSpansOf(traces, { system: 'default' }, judge)
  await until(clock, has(opened, 'score', 1))
  expect(await recordsOf(tenant, 'score')).toMatchObject([{ name: 'tone', system: 'evals' }])
})
