/** Outgoing HTTP, by the platform's fetch. */
export type HttpAnswer = { status: number; text: string; headers: Headers }

/** One request; rejects when the peer cannot be reached within `timeoutMs`. */
export async function request(url: string, init: RequestInit = {}, timeoutMs = 120_000): Promise<HttpAnswer> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) })
  return { status: response.status, text: await response.text(), headers: response.headers }
}
