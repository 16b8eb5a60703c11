import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { TracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BodyError } from '../../packages/server/src/ingest/body-error.ts'
import { readTelemetry } from '../../packages/server/src/ingest/otlp/read.ts'
import { bytesOf, jsonSpan, nanos, readLogs, readSpans, TRACE, tracesOf } from './spans.ts'
import { lengthed } from './wire.ts'

/** The bytes of both encodings of what the SDK of OpenTelemetry made. */
function encoded(): { protobuf: Uint8Array; json: Uint8Array } {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const tracer = provider.getTracer('test', '1.2')
  const span = tracer.startSpan('chat m', {
    kind: SpanKind.CLIENT,
    attributes: { text: 'ü', whole: 7, negative: -7, fraction: 0.5, yes: true, list: ['a', 'b'], none: [] },
  })
  span.addEvent('gen_ai.choice', { index: 0 })
  span.addLink({ context: span.spanContext(), attributes: { why: 'retry' } })
  span.recordException(new Error('no answer'))
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'no answer' })
  span.end()
  const spans = exporter.getFinishedSpans()
  return {
    protobuf: ProtobufTraceSerializer.serializeRequest(spans)!,
    json: JsonTraceSerializer.serializeRequest(spans)!,
  }
}

describe('what the SDK of OpenTelemetry sends', () => {
  test('is the same span in both encodings', () => {
    const { protobuf, json } = encoded()
    const fromProtobuf = readTelemetry('traces', 'protobuf', protobuf)
    const fromJson = readTelemetry('traces', 'json', json)
    const without = ({ digest: _, ...span }: object & { digest: string }): object => span
    expect(fromProtobuf.spans.map(without)).toEqual(fromJson.spans.map(without))
    expect(fromProtobuf.spans[0]).toMatchObject({
      name: 'chat m',
      kind: 'client',
      status: { code: 'error', message: 'no answer' },
      attributes: { text: 'ü', whole: 7, negative: -7, fraction: 0.5, yes: true, list: ['a', 'b'], none: [] },
      scope: { name: 'test', version: '1.2' },
    })
    expect(fromProtobuf.rejected.count).toBe(0)
  })

  test('cut anywhere it is refused, or read as far as whole spans go, and never breaks the reader', () => {
    const { protobuf } = encoded()
    for (let length = 0; length < protobuf.length; length++) {
      try {
        const { spans } = readTelemetry('traces', 'protobuf', protobuf.subarray(0, length))
        expect(spans.length).toBeLessThanOrEqual(1)
      } catch (error) {
        expect(error).toBeInstanceOf(BodyError)
      }
    }
  })

  test('with any byte changed it is read, rejected or refused', () => {
    const { protobuf } = encoded()
    fc.assert(
      fc.property(fc.nat(protobuf.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Uint8Array.from(protobuf)
        bytes[at] = byte
        try {
          readTelemetry('traces', 'protobuf', bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(BodyError)
        }
      }),
      { numRuns: 500 },
    )
  })
})

test('bytes that are no message at all are refused or empty', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('traces', 'logs'), (bytes, signal) => {
      try {
        expect(readTelemetry(signal as 'traces', 'protobuf', bytes).spans).toEqual([])
      } catch (error) {
        expect(error).toBeInstanceOf(BodyError)
      }
    }),
    { numRuns: 500 },
  )
})

describe('what is tolerated', () => {
  const ids = (traceId: unknown, spanId: unknown, parentSpanId?: unknown): object => ({
    ...jsonSpan({ id: 'x' }),
    traceId,
    spanId,
    parentSpanId,
  })
  const bytes = (hex: string): number[] => [...Buffer.from(hex, 'hex')]

  test.each([
    ['upper case', ids(TRACE.toUpperCase(), 'AB'.repeat(8))],
    ['byte arrays', ids(bytes(TRACE), bytes('ab'.repeat(8)), [])],
    [
      'buffers',
      ids(
        { type: 'Buffer', data: bytes(TRACE) },
        { type: 'Buffer', data: bytes('ab'.repeat(8)) },
        { type: 'Buffer', data: [] },
      ),
    ],
    ['byte objects', ids({ ...bytes(TRACE) }, { ...bytes('ab'.repeat(8)) }, {})],
    [
      'base64',
      ids(
        Buffer.from(TRACE, 'hex').toString('base64'),
        Buffer.from('ab'.repeat(8), 'hex').toString('base64'),
        '',
      ),
    ],
    ['a parent of zeros', ids(TRACE, 'ab'.repeat(8), '0'.repeat(16))],
  ])('ids as %s', (_, span) => {
    const { spans } = readTelemetry('traces', 'json', bytesOf(tracesOf([span])))
    expect(spans).toMatchObject([{ traceId: TRACE, spanId: 'ab'.repeat(8), parentSpanId: '' }])
  })

  test('times as numbers, texts and halves, and no times at all', () => {
    const time = BigInt(nanos(5))
    const halves = { low: Number(BigInt.asIntN(32, time)), high: Number(time >> 32n), unsigned: true }
    const [asHalves] = readSpans({ id: 'a', more: { startTimeUnixNano: halves } })
    expect(asHalves!.startTimeUnixNano).toBe(`${time}`)
    const [without] = readSpans({ id: 'a', more: { startTimeUnixNano: undefined, endTimeUnixNano: '0' } })
    expect(without).not.toHaveProperty('startTimeUnixNano')
    expect(without).not.toHaveProperty('endTimeUnixNano')
  })

  test('whole numbers that a double cannot carry stay digits', () => {
    const attributes = [{ key: 'n', value: { intValue: '9007199254740993' } }]
    expect(readSpans({ id: 'a', more: { attributes } })[0]!.attributes).toEqual({ n: '9007199254740993' })
  })

  test('members nobody knows are ignored, and names of enums taken', () => {
    const [span] = readSpans({
      id: 'a',
      more: { kind: 'SPAN_KIND_SERVER', status: { code: 'STATUS_CODE_OK' }, future: [1] },
    })
    expect(span).toMatchObject({ kind: 'server', status: { code: 'ok' } })
  })

  test('the name of an event in a log record, where it used to be', () => {
    const [log] = readLogs({ attributes: [{ key: 'event.name', value: { stringValue: 'gen_ai.choice' } }] })
    expect(log).toMatchObject({ eventName: 'gen_ai.choice', traceId: '', spanId: '' })
  })
})

describe('what is not', () => {
  test.each([
    ['no id', { spanId: undefined }, 'bad_id'],
    ['an id that is too short', { traceId: 'abcd' }, 'bad_id'],
    ['an id of eleven hex digits, which base64 would be eight bytes,', { spanId: 'abcdefabcde' }, 'bad_id'],
    ['values nested without end', { attributes: [{ key: 'k', value: nested(40) }] }, 'too_deep'],
  ])('%s costs the span, and its neighbour nothing', (_, more, code) => {
    const body = bytesOf(tracesOf([{ ...jsonSpan({ id: 'bad' }), ...more }, jsonSpan({ id: 'good' })]))
    const { spans, rejected } = readTelemetry('traces', 'json', body)
    expect(spans).toHaveLength(1)
    expect(rejected.count).toBe(1)
    expect([...rejected.reasons].join()).toContain(code)
  })

  test('a name that comes twice costs its span alone', () => {
    const text = JSON.stringify(tracesOf([jsonSpan({ id: 'bad' }), jsonSpan({ id: 'good' })]))
    const body = Buffer.from(text.replace('"name":"bad"', '"name":"bad","name":"bad"'))
    const { spans, rejected } = readTelemetry('traces', 'json', body)
    expect([spans.length, rejected.count]).toEqual([1, 1])
  })

  test('values nested without end in protobuf cost their span', () => {
    let value = Buffer.from([0x0a, 0x01, 0x61])
    // AnyValue.array_value.values, again and again.
    for (let i = 0; i < 2_000; i++) value = lengthed(0x2a, lengthed(0x0a, value))
    const attribute = lengthed(0x4a, Buffer.concat([lengthed(0x0a, Buffer.from('k')), lengthed(0x12, value)]))
    const span = Buffer.concat([
      lengthed(0x0a, Buffer.alloc(16, 1)),
      lengthed(0x12, Buffer.alloc(8, 1)),
      attribute,
    ])
    const body = lengthed(0x0a, lengthed(0x12, lengthed(0x12, span)))
    const { rejected } = readTelemetry('traces', 'protobuf', body)
    expect([...rejected.reasons]).toEqual([expect.stringContaining('too_deep')])
  })

  test('more values than a record has leaves cost their span before they are made', () => {
    const events = Buffer.concat(Array.from({ length: 17_000 }, () => lengthed(0x5a, Buffer.alloc(0))))
    const body = lengthed(0x0a, lengthed(0x12, lengthed(0x12, events)))
    expect([...readTelemetry('traces', 'protobuf', body).rejected.reasons].join()).toContain(
      'too_many_leaves',
    )
  })

  test('more than 10,000 spans, or groups of them, are too many for a request', () => {
    const empty = Buffer.concat(Array.from({ length: 10_001 }, () => lengthed(0x0a, Buffer.alloc(0))))
    expect(() => readTelemetry('traces', 'protobuf', empty)).toThrow('10000')
    const spans = Buffer.concat(Array.from({ length: 10_001 }, () => lengthed(0x12, Buffer.alloc(0))))
    expect(() => readTelemetry('traces', 'protobuf', lengthed(0x0a, lengthed(0x12, spans)))).toThrow('10000')
  })

  test('a body that is no JSON is refused as a whole', () => {
    expect(() => readTelemetry('traces', 'json', Buffer.from('{"resourceSpans":'))).toThrow(BodyError)
    expect(() => readTelemetry('traces', 'json', Buffer.from('[]'))).toThrow('expected an object')
  })
})

test('an empty request is one', () => {
  const nothing = { spans: [], logs: [], rejected: { count: 0, reasons: new Set() } }
  expect(readTelemetry('traces', 'protobuf', new Uint8Array(0))).toEqual(nothing)
  expect(readTelemetry('logs', 'json', Buffer.from('{}'))).toEqual(nothing)
})

function nested(depth: number): object {
  return depth === 0 ? { stringValue: 'x' } : { arrayValue: { values: [nested(depth - 1)] } }
}
