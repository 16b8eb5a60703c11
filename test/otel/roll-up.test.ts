import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalizeRecord } from '@deponent/format'
import { type KnownSpan, rollUp } from '../../packages/server/src/ingest/otlp/roll-up.ts'
import { idOf, readLogs, readSpans, type SpanOfTest, TRACE } from './spans.ts'

const chat = (model = 'm-1'): SpanOfTest['attributes'] => ({
  'gen_ai.operation.name': 'chat',
  'gen_ai.request.model': model,
  'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', parts: [{ type: 'text', content: 'no' }] }]),
})
const agent = { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'clerk' }
const chain = { 'openinference.span.kind': 'CHAIN' }

const decisionsOf = (...spans: SpanOfTest[]): string[] =>
  rollUp(readSpans(...spans), []).decisions.map(({ spanId }) =>
    Buffer.from(spanId, 'hex').toString().replaceAll('_', ''),
  )

const ownersIn = (...spans: SpanOfTest[]): Record<string, string | undefined> => {
  const rolled = rollUp(readSpans(...spans), [])
  const nameOf = (id: string): string => Buffer.from(id, 'hex').toString().replaceAll('_', '')
  return Object.fromEntries(
    rolled.spans.map(({ span, owner }) => [nameOf(span.spanId), owner && nameOf(owner)]),
  )
}

describe('which span is the decision', () => {
  test('a call of a model that nothing holds is one', () => {
    expect(decisionsOf({ id: 'http' }, { id: 'llm', parent: 'http', attributes: chat() })).toEqual(['llm'])
  })

  test('an agent is one, and what it asks of models and tools is part of it', () => {
    const spans: SpanOfTest[] = [
      { id: 'agent', attributes: agent },
      { id: 'llm', parent: 'agent', attributes: chat() },
      { id: 'tool', parent: 'agent', attributes: { 'gen_ai.operation.name': 'execute_tool' } },
    ]
    expect(ownersIn(...spans)).toEqual({ agent: 'agent', llm: 'agent', tool: 'agent' })
  })

  test('a chain is one where it leads to a model, and not where it does not', () => {
    expect(
      decisionsOf(
        { id: 'chain', attributes: chain },
        { id: 'llm', parent: 'chain', attributes: chat() },
        { id: 'other', attributes: chain },
      ),
    ).toEqual(['chain'])
  })

  test('two decisions in one trace stay two', () => {
    const spans: SpanOfTest[] = [
      { id: 'http' },
      { id: 'one', parent: 'http', attributes: chat() },
      { id: 'two', parent: 'http', start: 5, attributes: chat() },
    ]
    expect(ownersIn(...spans)).toEqual({ http: undefined, one: 'one', two: 'two' })
  })

  test('what says that it is a decision is one, also within another', () => {
    const spans: SpanOfTest[] = [
      { id: 'agent', attributes: agent },
      { id: 'score', parent: 'agent', attributes: { 'audit.decision': true, model: 'scorer' } },
      { id: 'llm', parent: 'score', attributes: chat() },
    ]
    expect(ownersIn(...spans)).toEqual({ agent: 'agent', score: 'score', llm: 'score' })
  })

  test('a chain that only holds declared decisions is none itself', () => {
    expect(
      decisionsOf(
        { id: 'chain', attributes: chain },
        { id: 'score', parent: 'chain', attributes: { 'audit.decision': true } },
        { id: 'llm', parent: 'score', attributes: chat() },
      ),
    ).toEqual(['score'])
  })

  test('spans that are each other’s parents do not go round for ever', () => {
    const spans: SpanOfTest[] = [
      { id: 'b', parent: 'a', attributes: chat() },
      { id: 'a', parent: 'b', attributes: chat() },
      { id: 'self', parent: 'self', attributes: chat() },
    ]
    expect(decisionsOf(...spans).toSorted()).toEqual(['a', 'self'])
  })
})

/** Trees of up to twelve spans, each with a part to play. */
const trees = fc
  .array(fc.record({ role: fc.nat(4), parent: fc.nat(11), isDeclared: fc.nat(9), subject: fc.nat(5) }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((nodes) =>
    nodes.map(({ role, parent, isDeclared, subject }, i): SpanOfTest => {
      const roles = [chat(), agent, chain, { 'gen_ai.operation.name': 'execute_tool' }, {}]
      return {
        id: `s${i}`,
        ...(parent < i && { parent: `s${parent}` }),
        start: i,
        attributes: {
          ...roles[role],
          ...(isDeclared === 0 && { 'audit.decision': true }),
          ...(subject === 0 && { 'audit.subject.id': `person-${i}` }),
        },
      }
    }),
  )

test('the order in which spans come makes no difference to what is recorded', () => {
  fc.assert(
    fc.property(
      trees.chain((spans) =>
        fc.tuple(fc.constant(spans), fc.shuffledSubarray(spans, { minLength: spans.length })),
      ),
      ([spans, shuffled]) => {
        expect(rollUp(readSpans(...shuffled), [])).toEqual(rollUp(readSpans(...spans), []))
      },
    ),
  )
})

/** What is in force once batches came one after another, each rolled up before the next. */
function inForceAfter(batches: SpanOfTest[][]): { decisions: string[]; supersededOnce: boolean } {
  const known: KnownSpan[] = []
  const inForce = new Set<string>()
  let supersededOnce = true
  for (const batch of batches) {
    const { decisions, absorbed, nodes } = rollUp(readSpans(...batch), [], known)
    const superseded = new Set([
      ...decisions.flatMap(({ supersedes }) => supersedes),
      ...absorbed.map(({ decisionId }) => decisionId),
    ])
    for (const name of superseded) supersededOnce &&= inForce.delete(name)
    for (const { decisionId } of decisions) inForce.add(decisionId)
    const kept = known.map(({ decisionId, ...node }): KnownSpan => {
      return decisionId === undefined || superseded.has(decisionId) ? node : { ...node, decisionId }
    })
    known.splice(0, known.length, ...kept, ...nodes)
  }
  return { decisions: [...inForce].toSorted(), supersededOnce }
}

test('any batching of a trace, however late a batch, ends in the same decisions', () => {
  fc.assert(
    fc.property(
      trees.filter((spans) => !spans.some(({ attributes }) => attributes?.['openinference.span.kind'])),
      fc.array(fc.nat(3), { minLength: 12, maxLength: 12 }),
      (spans, batchOf) => {
        const batches = [0, 1, 2, 3].map((batch) => spans.filter((_, i) => batchOf[i] === batch))
        const whole = rollUp(readSpans(...spans), []).decisions.map(({ decisionId }) => decisionId)
        expect(inForceAfter(batches)).toEqual({ decisions: whole.toSorted(), supersededOnce: true })
      },
    ),
  )
})

describe('what a decision says', () => {
  const trace = (): ReturnType<typeof rollUp> =>
    rollUp(
      readSpans(
        { id: 'http', attributes: { 'audit.subject.id': 'p-7', 'user.id': 'clerk-2' }, end: 900 },
        { id: 'agent', parent: 'http', attributes: agent, end: 800 },
        {
          id: 'rag',
          parent: 'agent',
          start: 1,
          attributes: {
            'openinference.span.kind': 'RETRIEVER',
            'retrieval.documents.0.document.id': 'policy-3',
            'retrieval.documents.0.document.content': 'never above 40 %',
            'retrieval.documents.0.document.score': 0.9,
          },
        },
        {
          id: 'llm-1',
          parent: 'agent',
          start: 2,
          attributes: {
            ...chat(),
            'gen_ai.response.model': 'm-1-2026',
            'gen_ai.input.messages': JSON.stringify([
              { role: 'user', parts: [{ type: 'text', content: 'may she?' }] },
            ]),
            'gen_ai.usage.input_tokens': 10,
            'gen_ai.usage.output_tokens': 2,
          },
        },
        {
          id: 'tool',
          parent: 'agent',
          start: 3,
          attributes: {
            'gen_ai.operation.name': 'execute_tool',
            'gen_ai.tool.name': 'credit_file',
            'gen_ai.tool.call.id': 'c-1',
            'gen_ai.tool.call.arguments': '{"id":7}',
            'gen_ai.tool.call.result': 'clean',
          },
        },
        {
          id: 'llm-2',
          parent: 'agent',
          start: 4,
          attributes: { ...chat(), 'gen_ai.usage.input_tokens': 20 },
        },
      ),
      [],
    )

  test('its own words, then those above it, then those it was made of', () => {
    const [decision, ...others] = trace().decisions
    expect(others).toEqual([])
    expect(decision!.record).toMatchObject({
      decisionId: `otel-${TRACE}-${idOf('agent')}`,
      system: 'loans',
      modelId: 'm-1',
      agentName: 'clerk',
      modelType: 'agent',
      affectedUserId: 'p-7',
      userId: 'clerk-2',
      messages: [{ role: 'user' }],
      prediction: [{ role: 'assistant', parts: [{ content: 'no' }] }],
      tokenUsage: { input: 30, output: 2 },
      toolCalls: [{ name: 'credit_file', id: 'c-1', arguments: { id: 7 }, result: 'clean' }],
      retrievedDocuments: [{ id: 'policy-3', score: 0.9, digest: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      tags: ['otel'],
      metadata: { otel: { rollup: 1, mapping: 1, spans: 5, dialects: ['gen_ai', 'openinference'] } },
    })
  })

  test('it is a record as it stands', () => {
    for (const { record } of trace().decisions) {
      expect(normalizeRecord('decision', { value: record, coerced: [], faults: [] }).errors).toEqual([])
    }
  })

  test('the tree of the trace is kept in it', () => {
    const { metadata } = trace().decisions[0]!.record as { metadata: { otel: { tree: object[] } } }
    expect(metadata.otel.tree).toHaveLength(5)
    expect(metadata.otel.tree[0]).toEqual({
      spanId: idOf('agent'),
      parentSpanId: idOf('http'),
      name: 'agent',
      role: 'agent',
    })
  })

  test('what was left out, sampled or withheld at the source makes it incomplete, and says why', () => {
    const { decisions } = rollUp(
      readSpans(
        {
          id: 'llm',
          attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' },
          more: { traceState: 'ot=th:c' },
        },
        {
          id: 'step',
          parent: 'llm',
          more: { droppedAttributesCount: 3 },
          attributes: { 'input.value': '__REDACTED__' },
        },
      ),
      [],
    )
    expect(decisions[0]!.record).toMatchObject({
      tags: ['otel', 'incomplete-evidence'],
      prediction: { withheldAtSource: true },
      metadata: {
        otel: { incomplete: ['attributes_dropped', 'output_not_captured', 'sampled', 'withheld_at_source'] },
      },
    })
  })

  test('a failed call is a decision that says what failed', () => {
    const { decisions } = rollUp(
      readSpans({
        id: 'llm',
        attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm', 'error.type': 'timeout' },
        more: { status: { code: 2, message: 'no answer' } },
      }),
      [],
    )
    expect(decisions[0]!.record).toMatchObject({
      status: 'error',
      error: { type: 'timeout', message: 'no answer' },
    })
  })

  test('content that comes in an event beside the span is the span’s', () => {
    const log = {
      traceId: TRACE,
      spanId: idOf('llm'),
      eventName: 'gen_ai.client.inference.operation.details',
      attributes: [
        { key: 'gen_ai.output.messages', value: { stringValue: '[{"role":"assistant","parts":[]}]' } },
      ],
    }
    const spans = readSpans({
      id: 'llm',
      attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' },
    })
    const { decisions, logs } = rollUp(spans, readLogs(log))
    expect(decisions[0]!.record.prediction).toEqual([{ role: 'assistant', parts: [] }])
    expect(logs[0]!.owner).toBe(idOf('llm'))
  })
})
