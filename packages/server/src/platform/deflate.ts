import { promisify } from 'node:util'
import { deflateRaw } from 'node:zlib'

/** Raw DEFLATE (RFC 1951) of `bytes` at a level from 1 to 9. */
export type Deflate = (bytes: Uint8Array, level: number) => Promise<Uint8Array>

const deflated = promisify<Uint8Array, { level: number }, Uint8Array>(deflateRaw)

/** On a thread of those that work on files: whoever asks goes on meanwhile. When it ends depends on them, so no test is replayed with it. */
export const deflateApart: Deflate = (bytes, level) => deflated(bytes, { level })
