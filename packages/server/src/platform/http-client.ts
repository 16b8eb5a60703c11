/** Outgoing HTTP, by the platform's fetch. */
export type HttpAnswer = { status: number; text: string; headers: Headers }

/** One request; rejects when the peer cannot be reached within `timeoutMs`. */
export async function request(url: string, init: RequestInit = {}, timeoutMs = 120_000): Promise<HttpAnswer> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

/** The bytes of an answer with its status; the body is cut off, and undefined, beyond `bytesMax`. */
export async function requestBytes(
  url: string,
  init: RequestInit = {},
  bytesMax = 32 * 1_048_576,
  timeoutMs = 120_000,
): Promise<{ status: number; bytes: Uint8Array | undefined }> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) })
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > bytesMax) return { status: response.status, bytes: undefined }
    chunks.push(chunk)
  }
  return { status: response.status, bytes: Buffer.concat(chunks) }
}
