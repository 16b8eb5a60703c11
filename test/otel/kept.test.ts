/** Everything a span or log record said stands in its record. */
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer'
import { expect, test } from 'vitest'
import { mapSpan } from '../../packages/server/src/ingest/otlp/map-span.ts'
import { readTelemetry } from '../../packages/server/src/ingest/otlp/read.ts'
import { rollUp } from '../../packages/server/src/ingest/otlp/roll-up.ts'
import { logRecord, spanRecord } from '../../packages/server/src/ingest/otlp/trace-records.ts'
import { arrivalOf } from '../../packages/server/src/traces/arrival.ts'
import { idOf, nanos, readLogs, readSpans, type SpanOfTest, TRACE } from './spans.ts'
import { lengthed, request, span } from './wire.ts'

const STANDING = { isLate: false, subjects: [], fallbackSystem: 'default' }

const LINK = {
  traceId: TRACE,
  spanId: idOf('other'),
  traceState: 'ot=th:8',
  flags: 0x101,
  droppedAttributesCount: 3,
}

test('an event and a link say how many attributes they are without, and a link its state and flags', () => {
  const more = { events: [{ name: 'e', droppedAttributesCount: 2 }], links: [LINK] }
  const [read] = readSpans({ id: 'a', more })
  expect(spanRecord(read!, mapSpan(read!), STANDING).metadata).toMatchObject({
    events: [{ name: 'e', droppedAttributesCount: 2 }],
    links: [{ ...LINK, attributes: {} }],
  })
})

test('the same in protobuf', () => {
  const event = lengthed(0x5a, Buffer.concat([lengthed(0x12, 'e'), Buffer.from([0x20, 2])]))
  const link = lengthed(
    0x6a,
    Buffer.concat([
      lengthed(0x0a, Buffer.from(LINK.traceId, 'hex')),
      lengthed(0x12, Buffer.from(LINK.spanId, 'hex')),
      lengthed(0x1a, LINK.traceState),
      Buffer.from([0x28, 3, 0x35, 1, 1, 0, 0]),
    ]),
  )
  const body = request(new Uint8Array(0), span(0, event, link))
  expect(readTelemetry('traces', 'protobuf', body).spans).toMatchObject([
    { events: [{ name: 'e', droppedAttributesCount: 2 }], links: [LINK] },
  ])
})

test('a decision of which an event or a link is without attributes is incomplete', () => {
  const chat = { 'gen_ai.operation.name': 'chat' }
  for (const more of [{ events: [{ name: 'e', droppedAttributesCount: 1 }] }, { links: [LINK] }]) {
    const { decisions } = rollUp(readSpans({ id: 'a', attributes: chat, more }), [])
    const { otel } = decisions[0]!.record.metadata as { otel: { incomplete: string[] } }
    expect(otel.incomplete).toContain('attributes_dropped')
  }
})

test('a log record says its severity, when it was observed, and its flags', () => {
  const said = { severityNumber: 9, observedTimeUnixNano: nanos(3) }
  const [read] = readLogs({ ...said, timeUnixNano: '0', flags: 1, severityText: 'INFO' })
  expect(logRecord(read!, STANDING)).toMatchObject({
    at: nanos(3),
    severity: 'INFO',
    metadata: { ...said, flags: 1 },
  })
})

test('a log record of the SDK is the same in both encodings', () => {
  const sent = [
    {
      hrTime: [0, 0],
      hrTimeObserved: [1_790_000_000, 5],
      severityNumber: 17,
      severityText: 'ERROR',
      body: 'no answer',
      attributes: { code: 7 },
      droppedAttributesCount: 1,
      resource: { attributes: { 'service.name': 's' } },
      instrumentationScope: { name: 'test' },
    },
  ] as unknown as Parameters<typeof JsonLogsSerializer.serializeRequest>[0]
  const read = (['json', 'protobuf'] as const).map((encoding) => {
    const serializer = encoding === 'json' ? JsonLogsSerializer : ProtobufLogsSerializer
    const { logs } = readTelemetry('logs', encoding, serializer.serializeRequest(sent)!)
    return logs.map(({ digest: _, ...log }) => log)
  })
  expect(read[0]).toEqual(read[1])
  expect(read[0]).toMatchObject([
    { timeUnixNano: '1790000000000000005', severityNumber: 17, droppedAttributes: 1 },
  ])
})

test.each([
  ['too long', 'x'.repeat(1_025)],
  ['a list', ['a', 'b']],
])('an id of a decision that is %s costs nothing: the decision is named by its span', (_, given) => {
  const told: SpanOfTest = { id: 'a', attributes: { 'audit.decision.id': given, output: 'No.' } }
  const spans = readSpans(told)
  const { decisions } = rollUp(spans, [])
  expect(decisions).toMatchObject([
    {
      decisionId: `otel-${TRACE}-${idOf('a')}`,
      record: { prediction: 'No.', metadata: { otel: { unusableId: true } } },
    },
  ])
  const telemetry = { spans, logs: [], rejected: { count: 0, reasons: new Set<string>() } }
  expect(arrivalOf(telemetry, { system: 'default' }).items).toHaveLength(1)
  const { metadata } = spanRecord(spans[0]!, mapSpan(spans[0]!), STANDING)
  expect(metadata).toMatchObject({ attributes: { 'audit.decision.id': given } })
})
