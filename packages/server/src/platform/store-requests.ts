/**
 * Exchanges with stores that are spoken to over HTTP without a client of their vendor: bounded in bytes, in time and in attempts. What
 * may pass by itself is tried again, after waits that grow and are drawn at random, so that many senders do not come back at once.
 */
import type { Clock } from './clock.ts'
import { requestBytes } from './http-client.ts'
import { LATE, ofSilence, type Said, TOO_LARGE } from './store-failures.ts'

export interface StoreRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** An answer of any status. */
export interface StoreAnswer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
}

/** An exchange that came to no answer that can be used, in our words. */
export class NoAnswer extends Error {
  readonly said: Said

  constructor(said: Said) {
    super(said.what)
    this.said = said
  }
}

/** The largest object that is put or read at once. */
export const OBJECT_BYTES_MAX = 2 ** 31
/** For an exchange without bytes, and more for each MiB of them. */
const EXCHANGE_MS = 60_000
const MIB_MS = 1_000
/** For an exchange that brings an object: how long it is, is not known before. */
const OBJECT_MS = 1_800_000
const ATTEMPTS = 4
const FIRST_WAIT_MS = 250
const WAIT_MS_MAX = 10_000
const PASSING = new Set([408, 429, 500, 502, 503, 504])

export interface Patience {
  readonly clock: Clock
  /** The longest wait before the second attempt, doubled before each further one. 250 when absent. */
  readonly firstWaitMs?: number
}

/**
 * Asks until there is an answer that does not pass by itself, or for the fourth time. `make` gives the request of each attempt, because
 * it is signed with the time. Rejects with NoAnswer.
 */
export async function askStore(make: () => Promise<StoreRequest>, patience: Patience): Promise<StoreAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await exchange(await make())
    const isLast = attempt === ATTEMPTS
    if (outcome instanceof NoAnswer) {
      if (isLast || outcome.said.code !== 'unreachable') throw outcome
    } else if (isLast || !PASSING.has(outcome.status)) return outcome
    await patience.clock.sleep(waitMs(outcome, attempt, patience.firstWaitMs ?? FIRST_WAIT_MS))
  }
}

async function exchange(request: StoreRequest): Promise<StoreAnswer | NoAnswer> {
  const { url, method, headers, body } = request
  if ((body?.length ?? 0) > OBJECT_BYTES_MAX) return new NoAnswer(TOO_LARGE)
  const timeoutMs =
    method === 'GET' ? OBJECT_MS : EXCHANGE_MS + Math.ceil((body?.length ?? 0) / 1_048_576) * MIB_MS
  // A redirect would take what is signed to somewhere else.
  const init = {
    method,
    headers,
    redirect: 'manual',
    ...(body && { body: body as Uint8Array<ArrayBuffer> }),
  } as const
  try {
    const { status, headers: answered, bytes } = await requestBytes(url, init, OBJECT_BYTES_MAX, timeoutMs)
    if (!bytes) return new NoAnswer(TOO_LARGE)
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    return { status, headers: answered, bytes: plain }
  } catch (error) {
    return new NoAnswer(silenceOf(error))
  }
}

function silenceOf(error: unknown): Said {
  if (!(error instanceof Error)) return ofSilence('')
  if (error.name === 'TimeoutError') return LATE
  const { cause } = error
  return ofSilence(cause instanceof Error && 'code' in cause ? String(cause.code) : error.name)
}

/** A random part of a wait that doubles, and at least what the service asks for, as far as anybody waits at all. */
function waitMs(outcome: StoreAnswer | NoAnswer, attempt: number, firstMs: number): number {
  const drawn = Math.random() * firstMs * 2 ** (attempt - 1)
  const asked = outcome instanceof NoAnswer ? 0 : Number(outcome.headers.get('retry-after') ?? 0) * 1_000
  return Math.min(WAIT_MS_MAX, Math.max(drawn, Number.isFinite(asked) ? asked : 0))
}
