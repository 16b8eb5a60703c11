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
): Promise<{ status: number; bytes: Uint8Array | undefined; headers: Headers }> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) })
  const { status, headers } = response
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > bytesMax) return { status, bytes: undefined, headers }
    chunks.push(chunk)
  }
  return { status, bytes: Buffer.concat(chunks), headers }
}

/** What is posted to a peer that is not believed. */
export interface Post {
  readonly url: string
  readonly body: Uint8Array<ArrayBuffer>
  readonly contentType: string
  /** For the whole exchange. */
  readonly timeoutMs: number
  /** Longest answer taken. */
  readonly bytesMax: number
  /** Ends the exchange early. */
  readonly signal: AbortSignal
}

/** A peer's answer, of any status. */
export interface PostAnswer {
  readonly status: number
  /** The media type without parameters, in lower case. */
  readonly contentType: string
  readonly body: Uint8Array
}

/** Thrown when a peer gave no answer, or one that cannot be taken. */
export class PeerFailure extends Error {}

/** Posts to configured peers. */
export interface HttpClient {
  /** Rejects with PeerFailure; never follows a redirect. */
  post(post: Post): Promise<PostAnswer>
}

export const realHttpClient: HttpClient = {
  async post({ url, body, contentType, timeoutMs, bytesMax, signal }) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers: { 'Content-Type': contentType },
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      })
      const type = (response.headers.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase()
      return { status: response.status, contentType: type, body: await readAtMost(response, bytesMax) }
    } catch (error) {
      throw error instanceof PeerFailure ? error : new PeerFailure(reasonOf(error))
    }
  },
}

async function readAtMost(response: Response, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > bytesMax) throw new PeerFailure(`the answer is longer than ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

/** Why a fetch failed, in words that name no address. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer'
  if (error.name === 'TimeoutError') return 'no answer in time'
  const { cause } = error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
  return code === undefined ? `no answer: ${error.message}` : `no answer: ${code}`
}
