import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { BodyError } from '../../packages/server/src/ingest/body-error.ts'
import { BODY_BYTES_MAX, decompress, FRAMES_MAX } from '../../packages/server/src/ingest/decompress.ts'

const body = new TextEncoder().encode('{"a":1}\n'.repeat(500))
const compressors = { gzip: gzipSync, zstd: zstdCompressSync }

async function refusal(
  encoding: string,
  bytes: Uint8Array,
  bodyBytesMax?: number,
): Promise<string | undefined> {
  try {
    await decompress(encoding, bytes, bodyBytesMax)
  } catch (error) {
    if (error instanceof BodyError) return error.code
    throw error
  }
  return undefined
}

describe.each(Object.entries(compressors))('%s', (encoding, compress) => {
  it('gives back what was compressed', async () => {
    expect(Buffer.from(await decompress(encoding, compress(body))).equals(body)).toBe(true)
  })

  it('reads every frame of a body that has several', async () => {
    const twice = Buffer.concat([compress(body), compress(body)])
    expect(await decompress(encoding, twice)).toHaveLength(body.length * 2)
    expect(await refusal(encoding, twice, body.length * 2 - 1)).toBe('body_too_large')
    expect(await refusal(encoding, twice, body.length)).toBe('body_too_large')
  })

  it('accepts a body of exactly the bound and refuses one byte more', async () => {
    expect(await refusal(encoding, compress(body), body.length)).toBeUndefined()
    expect(await refusal(encoding, compress(body), body.length - 1)).toBe('body_too_large')
  })

  it('stops a small body that would unfold beyond 32 MiB', async () => {
    expect(await refusal(encoding, compress(new Uint8Array(BODY_BYTES_MAX + 1)))).toBe('body_too_large')
  })

  it('refuses a damaged, truncated or continued body', async () => {
    const whole = compress(body)
    expect(await refusal(encoding, whole.subarray(0, -2))).toBe('bad_encoding')
    expect(await refusal(encoding, Buffer.concat([whole, Uint8Array.of(1, 2, 3, 4, 5)]))).toBe('bad_encoding')
    expect(await refusal(encoding, body)).toBe('bad_encoding')
  })
})

it('reads 1,024 zstd frames of a body and no more', async () => {
  const frames = Array.from({ length: FRAMES_MAX }, () => zstdCompressSync(Uint8Array.of(1)))
  expect(await decompress('zstd', Buffer.concat(frames))).toHaveLength(FRAMES_MAX)
  expect(await refusal('zstd', Buffer.concat([...frames, zstdCompressSync(new Uint8Array(0))]))).toBe(
    'bad_encoding',
  )
})

describe('no encoding', () => {
  it.each([undefined, '', 'identity', ' Identity '])('hands the body through for %j', async (encoding) => {
    expect(await decompress(encoding, body)).toBe(body)
  })

  it('keeps the bound', async () => {
    expect(await refusal('identity', body, body.length - 1)).toBe('body_too_large')
  })
})

it('refuses encodings nobody promised to read', async () => {
  expect(await refusal('br', body)).toBe('unsupported_encoding')
  expect(await refusal('gzip, zstd', body)).toBe('unsupported_encoding')
  expect(await refusal('constructor', body)).toBe('unsupported_encoding')
})
