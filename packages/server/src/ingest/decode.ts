import { FormatError, fromUtf8, readJson, readJsonItems } from '@deponent/format'
import type { JsonReading } from '@deponent/format'
import { BodyError } from './body-error.ts'
import { isBlank, splitLines, withoutByteOrderMark } from './lines.ts'

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
 * `application/json` holds one object or an array of records and is refused as a whole when it cannot be parsed.
 * `application/x-ndjson` holds a record per line: a bad line costs that line alone (`bad_json` or `bad_utf8`), blank
 * lines are skipped and not counted. Whether a reading is a good record is not judged here.
 *
 * @param contentType the Content-Type header; absent means `application/json`
 * @throws {BodyError} `unsupported_media_type`, `empty_body`, `bad_json`, `bad_utf8`
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
  if (isBlank(body)) return []
  try {
    const text = fromUtf8(body)
    if (!/^\s*[[{]/.test(text)) throw new BodyError('bad_json', 'expected an object or an array of objects')
    return readJsonItems(text).map((reading, position) => ({ position, reading }))
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new BodyError(error.code === 'bad_utf8' ? 'bad_utf8' : 'bad_json', error.message)
  }
}

function decodeLines(body: Uint8Array): DecodedItem[] {
  const items: DecodedItem[] = []
  let line = 0
  for (const bytes of splitLines(body)) {
    line += 1
    if (!isBlank(bytes)) items.push({ position: items.length, ...readLine(bytes, line) })
  }
  return items
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
