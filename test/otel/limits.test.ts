/** How much work a request may ask for, however few bytes it takes to ask. */
import { expect, test } from 'vitest'
import { BodyError } from '../../packages/server/src/ingest/body-error.ts'
import { readTelemetry } from '../../packages/server/src/ingest/otlp/read.ts'
import { rollUp } from '../../packages/server/src/ingest/otlp/roll-up.ts'
import { ABOVE_MAX } from '../../packages/server/src/ingest/otlp/trace-tree.ts'
import { arrivalOf } from '../../packages/server/src/traces/arrival.ts'
import { bytesOf, jsonSpan, readSpans, type SpanOfTest, tracesOf } from './spans.ts'
import { attribute, ATTRIBUTES_OF_RESOURCE, lengthed, many, request, span } from './wire.ts'

const TOO_LARGE = expect.objectContaining({ name: 'BodyError', code: 'body_too_large' }) as unknown
const ofResource = (key: string, value: string): Uint8Array => attribute(key, value, ATTRIBUTES_OF_RESOURCE)

function errorOf(body: Uint8Array, encoding: 'protobuf' | 'json' = 'protobuf'): unknown {
  try {
    return readTelemetry('traces', encoding, body)
  } catch (error) {
    return error
  }
}

test('a long resource of ten thousand spans is refused, whatever the encoding', () => {
  const text = 'x'.repeat(240_000)
  const asProtobuf = request(
    ofResource('r', text),
    many(10_000, (i) => span(i)),
  )
  expect(asProtobuf.length).toBeLessThan(1_000_000)
  expect(errorOf(asProtobuf)).toEqual(TOO_LARGE)
  const spans = Array.from({ length: 10_000 }, (_, i) => jsonSpan({ id: `${i}` }))
  expect(errorOf(bytesOf(tracesOf(spans, { r: text })), 'json')).toEqual(TOO_LARGE)
})

test('a resource of many attributes is refused where its spans are many', () => {
  const resource = many(3_000, (i) => ofResource(`${i}`, ''))
  const of = (count: number): Uint8Array =>
    request(
      resource,
      many(count, (i) => span(i)),
    )
  expect(errorOf(of(2_000))).toEqual(TOO_LARGE)
  expect(readTelemetry('traces', 'protobuf', of(50)).spans).toHaveLength(50)
})

test('texts that are much longer in the record than they came are refused together', () => {
  const body = request(
    ofResource('service.name', 's'),
    many(400, (i) => span(i, attribute('text', '\u0000'.repeat(40_000)))),
  )
  const telemetry = readTelemetry('traces', 'protobuf', body)
  expect(telemetry.spans).toHaveLength(400)
  expect(() => arrivalOf(telemetry, { system: 'default' })).toThrow(BodyError)
})

test('groups without spans are counted in JSON too', () => {
  const groups = (count: number): Uint8Array =>
    bytesOf({ resourceSpans: Array.from({ length: count }, () => ({})) })
  expect(errorOf(groups(10_001), 'json')).toMatchObject({ code: 'too_many_records' })
  expect(readTelemetry('traces', 'json', groups(10_000)).spans).toEqual([])
})

test('fields that nobody knows are counted, around spans and in them', () => {
  const unknown = Buffer.alloc(1_000_000, Buffer.from([0xf8, 0x01, 0]))
  expect(errorOf(unknown)).toMatchObject({ code: 'too_many_records' })
  expect(errorOf(lengthed(0x0a, lengthed(0x12, unknown)))).toMatchObject({ code: 'too_many_records' })
  const body = request(new Uint8Array(0), Buffer.concat([span(0, unknown), span(1)]))
  const { spans, rejected } = readTelemetry('traces', 'protobuf', body)
  expect([spans.length, [...rejected.reasons]]).toEqual([1, [expect.stringContaining('too_many_leaves')]])
})

test('ten thousand spans in five thousand groups are taken', () => {
  const group = request(ofResource('service.name', 's'), Buffer.concat([span(0), span(1)]))
  expect(
    readTelemetry(
      'traces',
      'protobuf',
      many(5_000, () => group),
    ).spans,
  ).toHaveLength(10_000)
})

test('what a collector sends at once is taken: 8,192 spans, of forty attributes and a resource of twenty', () => {
  const body = request(
    many(20, (i) => ofResource(`k8s.label.number-${i}`, 'a value of some length')),
    many(8_192, (i) =>
      span(
        i,
        many(40, (j) => attribute(`attribute.${j}`, 'a value')),
      ),
    ),
  )
  expect(readTelemetry('traces', 'protobuf', body)).toMatchObject({ rejected: { count: 0 } })
})

test('a span with as many attributes as a record has leaves is taken in both encodings', () => {
  const names = Array.from({ length: 4_000 }, (_, i) => `a${i}`)
  const attributes = Object.fromEntries(names.map((name) => [name, 'x']))
  const asJson = bytesOf(tracesOf([jsonSpan({ id: 'a', attributes })]))
  const asProtobuf = request(new Uint8Array(0), span(0, ...names.map((name) => attribute(name, 'x'))))
  for (const telemetry of [
    readTelemetry('traces', 'json', asJson),
    readTelemetry('traces', 'protobuf', asProtobuf),
  ])
    expect(arrivalOf(telemetry, { system: 'default' })).toMatchObject({ items: [{ span: { attributes } }] })
})

test('more values than that cost their span in JSON too', () => {
  const attributes = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`a${i}`, 'x']))
  const body = bytesOf(tracesOf([jsonSpan({ id: 'large', attributes }), jsonSpan({ id: 'small' })]))
  const { spans, rejected } = readTelemetry('traces', 'json', body)
  expect([spans.length, [...rejected.reasons]]).toEqual([1, [expect.stringContaining('too_many_leaves')]])
})

test('decisions that nest without end look up only so far', () => {
  const line = Array.from({ length: ABOVE_MAX + 3 }, (_, i): SpanOfTest => ({
    id: `${i}`,
    ...(i > 0 && { parent: `${i - 1}` }),
    start: i,
    attributes: { 'audit.decision': true, ...(i === 1 && { 'user.id': 'u-1' }) },
  }))
  const { decisions } = rollUp(readSpans(...line), [])
  const last = decisions.slice(-2).map(({ record }) => record.userId)
  expect(last).toEqual(['u-1', undefined])
})
