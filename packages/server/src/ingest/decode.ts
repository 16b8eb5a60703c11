import { isUtf8 } from 'node:buffer'
import { FormatError, fromUtf8, readJson, readJsonItemsFromBytes } from '@deponent/format'
import type { JsonReading } from '@deponent/format'
import { BodyError } from './body-error.ts'
import { firstByteOf, isBlank, splitLines, withoutByteOrderMark } from './lines.ts'

const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b

/** The most records one request may bring. */
export const BODY_RECORDS_MAX = 10_000

/** Why one record of a body could not be read, while its neighbours could. `path` is a JSON pointer or empty. */
export interface ReadingError {
  code: string
  path: string
  message: string
}

/** One record of a body: what was read, or why not. `position` counts the records of the body from 0. */
export type DecodedItem =
  | { position: number; reading: JsonReading; error?: undefined }
  | { position: number; reading?: undefined; error: ReadingError }

/**
 * The records of a decompressed request body.
 *
 * `application/json` holds one object or an array of records and is refused as a whole when it cannot be parsed; bytes
 * that are not UTF-8 inside a string are a fault of that record alone. `application/x-ndjson` holds a record per line: a
 * bad line costs that line alone (`bad_json` or `bad_utf8`), blank lines are skipped and not counted. Whether a reading
 * is a good record is not judged here.
 *
 * @param contentType the Content-Type header; absent means `application/json`
 * @throws {BodyError} `unsupported_media_type`, `empty_body`, `bad_json`, `bad_utf8`, `too_many_records`
 */
export function decodeBody(contentType: string | undefined, body: Uint8Array): DecodedItem[] {
  const decode = decoderOf(contentType)
  const items = decode(withoutByteOrderMark(body))
  if (items.length === 0) throw new BodyError('empty_body', 'the body holds no record')
  return items
}

const decoders: Record<string, (body: Uint8Array) => DecodedItem[]> = {
  'application/json': decodeJson,
  'application/x-ndjson': decodeLines,
  'application/ndjson': decodeLines,
  'application/jsonl': decodeLines,
}

function decoderOf(contentType: string | undefined): (body: Uint8Array) => DecodedItem[] {
  const [essence = '', ...parameters] = (contentType ?? 'application/json').toLowerCase().split(';')
  const mediaType = essence.trim()
  const decoder = Object.hasOwn(decoders, mediaType) ? decoders[mediaType] : undefined
  if (decoder === undefined || !parameters.every(allowsUtf8)) {
    throw new BodyError(
      'unsupported_media_type',
      'Content-Type must be application/json or application/x-ndjson, in UTF-8',
    )
  }
  return decoder
}

function allowsUtf8(parameter: string): boolean {
  const [name, value = ''] = parameter.split('=')
  if (name?.trim() !== 'charset') return true
  return /^"?utf-?8"?$/.test(value.trim())
}

function decodeJson(body: Uint8Array): DecodedItem[] {
  const first = firstByteOf(body)
  if (first === undefined) return []
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET)
    throw new BodyError('bad_json', 'expected an object or an array of objects')
  try {
    return readJsonItemsFromBytes(body, BODY_RECORDS_MAX).map((reading, position) => ({ position, reading }))
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    if (error.code === 'too_many_items') throw tooManyRecords()
    throw new BodyError(isUtf8(body) ? 'bad_json' : 'bad_utf8', error.message)
  }
}

function decodeLines(body: Uint8Array): DecodedItem[] {
  const items: DecodedItem[] = []
  let line = 0
  for (const bytes of splitLines(body)) {
    line += 1
    if (isBlank(bytes)) continue
    if (items.length === BODY_RECORDS_MAX) throw tooManyRecords()
    items.push({ position: items.length, ...readLine(bytes, line) })
  }
  return items
}

function tooManyRecords(): BodyError {
  return new BodyError('too_many_records', `a request may bring ${BODY_RECORDS_MAX} records`)
}

/** One line of JSON Lines. `line` counts from 1 and is named in the error, so that the sender finds it. */
export function readLine(
  bytes: Uint8Array,
  line: number,
): { reading: JsonReading; error?: undefined } | { reading?: undefined; error: ReadingError } {
  try {
    return { reading: readJson(fromUtf8(bytes)) }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return { error: { code: error.code, path: error.path, message: `line ${line}: ${error.message}` } }
  }
}
