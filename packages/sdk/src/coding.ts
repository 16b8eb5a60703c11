/*
 * How a request travels: as text, or compressed where that pays and the host can do it.
 */
const COMPRESSED_CHARACTERS_MIN = 1_024

export interface Coded {
  body: string | Uint8Array<ArrayBuffer>
  /** The header that says so, if any. */
  coding: { 'content-encoding'?: 'gzip' }
}

export async function coded(text: string, isWanted: boolean): Promise<Coded> {
  const isWorthIt = isWanted && text.length >= COMPRESSED_CHARACTERS_MIN
  if (!isWorthIt || typeof CompressionStream !== 'function') return { body: text, coding: {} }
  return { body: await gzip(text), coding: { 'content-encoding': 'gzip' } }
}

async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
