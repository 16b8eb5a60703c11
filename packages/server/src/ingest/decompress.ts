import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { BodyError } from './body-error.ts'

/** The largest request body after decompression (`docs/format.md`, limits). */
export const BODY_BYTES_MAX = 32 * 1024 * 1024
/** Frames of one body. An empty one takes nine bytes and as much work as any, so that their bytes alone bound nothing. */
export const FRAMES_MAX = 1_024

/** What zlib answers with `info: true`; its types describe only the answer without it. */
interface Inflated {
  buffer: Uint8Array
  /** `bytesWritten` counts the input bytes that were consumed. */
  engine: { bytesWritten: number }
}
interface InflateOptions {
  maxOutputLength: number
  info: boolean
}
type Inflate = (body: Uint8Array, options: InflateOptions) => Promise<unknown>

const inflates: Record<string, Inflate> = {
  gzip: promisify(gunzip) as Inflate,
  'x-gzip': promisify(gunzip) as Inflate,
  zstd: promisify(zstdDecompress) as Inflate,
}

/**
 * The body as its sender wrote it, before Content-Encoding was applied.
 *
 * @param encoding the Content-Encoding header; absent, empty and `identity` mean none
 * @throws {BodyError} `unsupported_encoding`, `bad_encoding`, `body_too_large`
 */
export async function decompress(
  encoding: string | undefined,
  body: Uint8Array,
  bodyBytesMax: number = BODY_BYTES_MAX,
): Promise<Uint8Array> {
  const name = (encoding ?? '').trim().toLowerCase()
  if (name === '' || name === 'identity') return bounded(body, bodyBytesMax)
  const inflate = Object.hasOwn(inflates, name) ? inflates[name] : undefined
  if (inflate === undefined) {
    throw new BodyError('unsupported_encoding', 'Content-Encoding must be gzip, zstd or identity')
  }
  // An empty body holds no frame; let the decoder answer empty_body.
  return body.length === 0 ? body : inflateAll(inflate, body, bodyBytesMax)
}

function bounded(body: Uint8Array, bodyBytesMax: number): Uint8Array {
  if (body.length > bodyBytesMax) throw tooLarge(bodyBytesMax)
  return body
}

/** Both formats allow several frames in a row, and zlib stops after the first zstd frame: what is left is read too. */
async function inflateAll(inflate: Inflate, body: Uint8Array, bodyBytesMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let rest = body
  let room = bodyBytesMax
  while (rest.length > 0) {
    if (parts.length === FRAMES_MAX)
      throw new BodyError('bad_encoding', `a body has at most ${FRAMES_MAX} compressed frames`)
    const { buffer, engine } = await inflateFrame(inflate, rest, room, bodyBytesMax)
    parts.push(buffer)
    room -= buffer.length
    rest = rest.subarray(engine.bytesWritten)
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

async function inflateFrame(
  inflate: Inflate,
  body: Uint8Array,
  room: number,
  bodyBytesMax: number,
): Promise<Inflated> {
  // zlib refuses a bound of zero, so a full body leaves room for one byte that is then refused.
  const maxOutputLength = Math.max(room, 1)
  const inflated = await attempt(() => inflate(body, { maxOutputLength, info: true }), bodyBytesMax)
  if (inflated.buffer.length > room) throw tooLarge(bodyBytesMax)
  if (inflated.engine.bytesWritten === 0) throw damaged()
  return inflated
}

async function attempt(inflate: () => Promise<unknown>, bodyBytesMax: number): Promise<Inflated> {
  try {
    return (await inflate()) as Inflated
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge(bodyBytesMax)
    }
    throw damaged()
  }
}

function damaged(): BodyError {
  return new BodyError('bad_encoding', 'the body is not what its Content-Encoding says')
}

function tooLarge(bodyBytesMax: number): BodyError {
  return new BodyError('body_too_large', `a body may hold ${bodyBytesMax} bytes after decompression`)
}
