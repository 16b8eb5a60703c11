import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BodyError } from '../../packages/server/src/ingest/body-error.ts'
import { decodeBody } from '../../packages/server/src/ingest/decode.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const values = (contentType: string | undefined, text: string) =>
  decodeBody(contentType, bytes(text)).map((item) => item.reading?.value ?? item.error?.code)

function refusal(contentType: string | undefined, body: Uint8Array): string | undefined {
  try {
    decodeBody(contentType, body)
  } catch (error) {
    if (error instanceof BodyError) return error.code
    throw error
  }
  return undefined
}

describe('a JSON body', () => {
  it('reads an object as one record and an array as one per element', () => {
    expect(values('application/json', '{"a":1}')).toEqual([{ a: 1 }])
    expect(values('application/json; charset=UTF-8', ' [{"a":1},{"a":2}] ')).toEqual([{ a: 1 }, { a: 2 }])
    expect(values(undefined, '\ufeff{"a":1}')).toEqual([{ a: 1 }])
  })

  it('keeps a fault with the element that has it', () => {
    const [first, second] = decodeBody('application/json', bytes('[{"a":1},{"a":1,"a":2}]'))
    expect(first?.reading?.faults).toEqual([])
    expect(second?.reading?.faults.map((fault) => fault.code)).toEqual(['duplicate_key'])
  })

  it('is refused as a whole when it is empty, broken, not UTF-8 or a bare value', () => {
    expect(refusal('application/json', bytes(''))).toBe('empty_body')
    expect(refusal('application/json', bytes(' \n'))).toBe('empty_body')
    expect(refusal('application/json', bytes('[]'))).toBe('empty_body')
    expect(refusal('application/json', bytes('[{"a":1},'))).toBe('bad_json')
    expect(refusal('application/json', bytes('"text"'))).toBe('bad_json')
    expect(refusal('application/json', Uint8Array.of(0x7b, 0xff, 0x7d))).toBe('bad_utf8')
  })
})

describe('an NDJSON body', () => {
  it('counts records from 0 and skips blank lines', () => {
    const items = decodeBody('application/x-ndjson', bytes('{"a":1}\r\n\n  \n{"a":2}'))
    expect(items.map(({ position, reading }) => [position, reading?.value])).toEqual([
      [0, { a: 1 }],
      [1, { a: 2 }],
    ])
  })

  it('rejects a bad line alone and names its line without echoing it', () => {
    const items = decodeBody('application/x-ndjson', bytes('{"a":1}\n{"secret":\n{"a":3}\n'))
    expect(items.map((item) => item.error?.code)).toEqual([undefined, 'bad_json', undefined])
    expect(items[1]?.error?.message).toMatch(/^line 2: /)
    expect(items[1]?.error?.message).not.toContain('secret')
  })

  it('rejects a line that is not UTF-8 alone', () => {
    const body = Uint8Array.of(...bytes('{"a":1}\n"'), 0xc3, 0x28, ...bytes('"\n{"a":3}'))
    expect(decodeBody('application/x-ndjson', body).map((item) => item.error?.code)).toEqual([
      undefined,
      'bad_utf8',
      undefined,
    ])
  })

  it('is refused when no line holds anything', () => {
    expect(refusal('application/x-ndjson', bytes(''))).toBe('empty_body')
    expect(refusal('application/x-ndjson', bytes('\n\r\n'))).toBe('empty_body')
  })

  it('reads every record that was written, whatever it holds', () => {
    const records = fc.array(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean())), {
      minLength: 1,
    })
    fc.assert(
      fc.property(records, (written) => {
        const text = written.map((record) => JSON.stringify(record)).join('\n')
        const read = decodeBody('application/x-ndjson', bytes(text)).map((item) => item.reading?.value)
        expect(JSON.stringify(read)).toBe(
          JSON.stringify(written.map((record) => JSON.parse(JSON.stringify(record)))),
        )
      }),
    )
  })
})

describe('any body', () => {
  it('is refused in a media type or charset nobody promised to read', () => {
    expect(refusal('text/plain', bytes('{}'))).toBe('unsupported_media_type')
    expect(refusal('application/json; charset=utf-16', bytes('{}'))).toBe('unsupported_media_type')
    expect(refusal('constructor', bytes('{}'))).toBe('unsupported_media_type')
  })

  it('fails only as a BodyError or an error of one record, whatever the bytes', () => {
    const contentTypes = fc.constantFrom('application/json', 'application/x-ndjson')
    fc.assert(
      fc.property(contentTypes, fc.uint8Array({ maxLength: 200 }), (contentType, body) => {
        refusal(contentType, body)
      }),
    )
  })
})
