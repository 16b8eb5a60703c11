/** Requests that are not what the specification says: what is lost by that is told, and nothing is silently empty. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BodyError } from '../../packages/server/src/ingest/body-error.ts'
import { readTelemetry } from '../../packages/server/src/ingest/otlp/read.ts'
import { rollUp } from '../../packages/server/src/ingest/otlp/roll-up.ts'
import type { Telemetry } from '../../packages/server/src/ingest/otlp/telemetry.ts'
import { arrivalOf } from '../../packages/server/src/traces/arrival.ts'
import { bytesOf, idOf, jsonSpan, logsOf, nanos, readLogs, readSpans, TRACE, tracesOf } from './spans.ts'
import { attribute, ATTRIBUTES_OF_RESOURCE, lengthed, request, span } from './wire.ts'

const twoGroups = (): object => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'odd' } }] },
      scopeSpans: [{ scope: { name: 'first' }, spans: [jsonSpan({ id: 'a' }), jsonSpan({ id: 'b' })] }],
    },
    { scopeSpans: [{ spans: [jsonSpan({ id: 'c' })] }] },
  ],
})

/** The request with a piece of its text in the place of another. */
const changed = (from: string, to: string): Uint8Array => {
  const text = JSON.stringify(twoGroups())
  expect(text).toContain(from)
  return Buffer.from(text.replace(from, to))
}

const read = (body: Uint8Array): Telemetry => readTelemetry('traces', 'json', body)

describe('a fault', () => {
  test.each([
    ['a name of a resource that comes twice', '"stringValue":"odd"', '"stringValue":"x","stringValue":"odd"'],
    ['half a character in a resource', '"odd"', '"\\ud800"'],
    ['a resource that comes twice', '"resource":{', '"resource":{},"resource":{'],
  ])('%s costs the spans of that resource, and the answer names it', (_, from, to) => {
    const { spans, rejected } = read(changed(from, to))
    expect(spans.map(({ name }) => name)).toEqual(['c'])
    expect(rejected.count).toBe(2)
    expect([...rejected.reasons]).toEqual([expect.stringContaining('/resourceSpans/0/resource: ')])
  })

  test.each([
    ['of a scope', '"scope":{"name":"first"}', '"scope":7', '/resourceSpans/0/scopeSpans/0/scope: '],
    ['of attributes', '"attributes":[{', '"attributes":{"a":[{', '/resourceSpans/0/resource: '],
  ])('the wrong type %s costs the spans below it', (_, from, to, place) => {
    const text = to.endsWith('{"a":[{') ? changedWhole(from, to) : changed(from, to)
    const { spans, rejected } = read(text)
    expect(spans.map(({ name }) => name)).toEqual(['c'])
    expect([...rejected.reasons]).toEqual([expect.stringContaining(place)])
  })

  test.each([
    ['"resourceSpans":[', '"resourceSpans":[],"resourceSpans":['],
    ['"scopeSpans":[', '"scopeSpans":[],"scopeSpans":['],
    ['"spans":[', '"spans":[],"spans":['],
  ])(
    'in the lists themselves, %s, refuses the request: the other list may have held anything',
    (from, to) => {
      expect(() => read(changed(from, to))).toThrow('the name comes twice')
    },
  )

  test.each([
    ['resourceSpans', { resourceSpans: {} }],
    ['a group', { resourceSpans: ['x'] }],
    ['scopeSpans', { resourceSpans: [{ scopeSpans: 'x' }] }],
    ['spans', { resourceSpans: [{ scopeSpans: [{ spans: {} }] }] }],
  ])('%s of another type refuses the request and is not an empty one', (_, body) => {
    expect(() => read(bytesOf(body))).toThrow(BodyError)
  })

  test('that is the hundredth of a request is not taken for good', () => {
    const spans = Array.from({ length: 100 }, (_, i) => ({ ...jsonSpan({ id: `${i}` }), odd: 'HERE' }))
    const body = JSON.stringify(tracesOf(spans)).replaceAll('"HERE"', 'NaN')
    expect(() => read(Buffer.from(body))).toThrow('64 faults or more')
  })

  test('in members nobody knows costs nothing', () => {
    expect(read(changed('"scope":{"name":"first"}', '"odd":1,"odd":2')).spans).toHaveLength(3)
  })
})

function changedWhole(from: string, to: string): Uint8Array {
  return changed(`${from}"key":"service.name","value":{"stringValue":"odd"}}]`, `${to}}]}`)
}

describe('in protobuf', () => {
  const good = span(0)
  const ofResource = (key: string): Uint8Array => attribute(key, 'x', ATTRIBUTES_OF_RESOURCE)
  const notUtf8 = lengthed(0x0a, lengthed(0x0a, Uint8Array.of(0xff)))

  test('a resource that is not UTF-8 costs its spans and not those of another', () => {
    const body = Buffer.concat([request(notUtf8, good), request(ofResource('fine'), good)])
    const { spans, rejected } = readTelemetry('traces', 'protobuf', body)
    expect([spans.length, rejected.count]).toEqual([1, 1])
    expect([...rejected.reasons]).toEqual([
      expect.stringMatching(/^bad_utf8: \/resourceSpans\/0\/resource: /),
    ])
  })

  test('two resources of one group are not chosen between', () => {
    const resources = [lengthed(0x0a, ofResource('one')), lengthed(0x0a, ofResource('other'))]
    const body = lengthed(0x0a, Buffer.concat([...resources, lengthed(0x12, good)]))
    const { spans, rejected } = readTelemetry('traces', 'protobuf', body)
    expect([spans.length, [...rejected.reasons]]).toEqual([0, [expect.stringContaining('twice')]])
  })

  test('an attribute whose key is empty is kept', () => {
    const body = request(new Uint8Array(0), span(0, lengthed(0x4a, lengthed(0x12, lengthed(0x0a, 'v')))))
    expect(readTelemetry('traces', 'protobuf', body).spans[0]!.attributes).toEqual({ '': 'v' })
  })
})

describe('what of a span is of another type', () => {
  test.each([
    ['attributes that are an object', { attributes: { a: 1 } }],
    ['an attribute that is a text', { attributes: ['a'] }],
    ['a key that is a number', { attributes: [{ key: 1, value: { stringValue: 'x' } }] }],
    ['events that are an object', { events: {} }],
    ['a link that is a text', { links: ['x'] }],
    ['values that are no list', { attributes: [{ key: 'k', value: { arrayValue: { values: 'x' } } }] }],
    ['an array that is a list', { attributes: [{ key: 'k', value: { arrayValue: ['x'] } }] }],
  ])('%s: it is rejected, not taken without them', (_, more) => {
    const { spans, rejected } = read(bytesOf(tracesOf([{ ...jsonSpan({ id: 'a' }), ...more }])))
    expect([spans.length, [...rejected.reasons]]).toEqual([0, [expect.stringContaining('wrong_type')]])
  })
})

describe('a value', () => {
  const valueOf = (value: object): unknown =>
    readSpans({ id: 'a', more: { attributes: [{ key: 'k', value }] } })[0]!.attributes.k

  test.each([
    [{ stringValue: null, intValue: '7' }, 7],
    [{ stringValue: null, boolValue: false, intValue: null }, false],
    [{ doubleValue: '1.5' }, 1.5],
    [{ doubleValue: 'NaN' }, 'NaN'],
    [{ doubleValue: '-Infinity' }, '-Infinity'],
    [{ doubleValue: '0.1000000000000000055511151231257827' }, '0.1000000000000000055511151231257827'],
    [{ intValue: 1.5 }, 1.5],
    [{ intValue: -3 }, -3],
    [{ stringValue: '' }, ''],
    [{}, null],
  ])('%j is %j', (value, plain) => {
    expect(valueOf(value)).toEqual(plain)
  })
})

describe('a log record', () => {
  test.each([
    ['0', nanos(9)],
    [0, nanos(9)],
    [undefined, nanos(9)],
    [nanos(5), nanos(5)],
  ])('whose time is %j has the time it was observed only where none was told', (timeUnixNano, told) => {
    const observedTimeUnixNano = nanos(9)
    const [log] = readLogs({ timeUnixNano, observedTimeUnixNano })
    expect(log).toMatchObject({ timeUnixNano: told, observedTimeUnixNano })
  })

  test.each([
    [17, 17],
    ['SEVERITY_NUMBER_ERROR', 17],
    ['SEVERITY_NUMBER_INFO3', 11],
  ])('of severity %j has its number', (severityNumber, number) => {
    expect(readLogs({ severityNumber })).toMatchObject([{ severityNumber: number }])
  })

  test('with an id that can be none belongs to nothing and is kept, with what was given', () => {
    const ids = { traceId: 'not-an-id', spanId: idOf('a') }
    const body = bytesOf(logsOf([ids, { traceId: TRACE, spanId: idOf('a') }]))
    const { logs, rejected } = readTelemetry('logs', 'json', body)
    expect(rejected.count).toBe(0)
    expect(logs).toMatchObject([
      { traceId: '', spanId: '', unusableIds: ids },
      { traceId: TRACE, spanId: idOf('a') },
    ])
  })
})

/** Everything that can be in a request, and anything in any place of it. */
function oddRequests(names: readonly [string, string, string]): fc.Arbitrary<unknown> {
  const odd = fc.jsonValue({ maxDepth: 2 })
  const or = (usual: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd })
  const lists = (of: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => or(fc.array(of, { maxLength: 3 }))
  const members = (of: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
    or(fc.record(of, { requiredKeys: [] }))
  const number = or(fc.oneof(fc.nat(), fc.constantFrom('0', '-1', nanos(5), '99999999999999999999')))
  const value = members({
    stringValue: or(fc.string()),
    intValue: number,
    doubleValue: or(fc.double()),
    bytesValue: odd,
    arrayValue: members({ values: lists(odd) }),
    kvlistValue: members({ values: lists(odd) }),
  })
  const key = or(
    fc.constantFrom('a', '__proto__', 'audit.decision.id', 'gen_ai.operation.name', 'gen_ai.request.model'),
  )
  const attributes = lists(members({ key, value }))
  const id = or(fc.constantFrom(TRACE, idOf('a'), '', null))
  const ids = { traceId: fc.constant(TRACE), spanId: or(fc.constant(idOf('a'))), parentSpanId: id }
  const counts = { droppedAttributesCount: number, flags: number }
  const event = members({ name: or(fc.string()), timeUnixNano: number, attributes, ...counts })
  const link = members({ traceId: id, spanId: id, traceState: odd, attributes, ...counts })
  const item = members({
    ...ids,
    ...counts,
    name: or(fc.string()),
    kind: number,
    startTimeUnixNano: number,
    endTimeUnixNano: number,
    timeUnixNano: number,
    observedTimeUnixNano: number,
    severityNumber: number,
    body: value,
    attributes,
    events: lists(event),
    links: lists(link),
    status: members({ code: number, message: odd }),
  })
  const [resources, scopes, items] = names
  const scope = members({ name: odd, version: odd, attributes })
  const ofScope = members({ scope, [items]: lists(item) })
  const ofResource = members({ resource: members({ attributes }), [scopes]: lists(ofScope) })
  return members({ [resources]: lists(ofResource) })
}

test.each([
  ['traces', ['resourceSpans', 'scopeSpans', 'spans']],
  ['logs', ['resourceLogs', 'scopeLogs', 'logRecords']],
] as const)('of odd %s every one is taken, rejected or refused, and can be rolled up', (signal, names) => {
  fc.assert(
    fc.property(oddRequests(names), (odd) => {
      let telemetry: Telemetry
      try {
        telemetry = readTelemetry(signal, 'json', bytesOf(odd))
      } catch (error) {
        expect(error).toBeInstanceOf(BodyError)
        return
      }
      const read = telemetry.spans.length + telemetry.logs.length + telemetry.rejected.count
      const { items } = arrivalOf(telemetry, { system: 'default' })
      expect(items.length + telemetry.rejected.count).toBe(read)
      const kept = JSON.parse(JSON.stringify(items)) as typeof items
      rollUp(
        kept.flatMap(({ span: one }) => one ?? []),
        kept.flatMap(({ log }) => log ?? []),
      )
    }),
    { numRuns: 2_000 },
  )
})
