/** One request on its way through a handler. */
import { fromUtf8, isObject, readJson } from '@deponent/format'
import type { Look } from '../access/access-log.ts'
import type { Caller } from '../access/caller.ts'
import type { Lockout } from '../access/lockout.ts'
import type { Permit } from '../access/policy.ts'
import type { RateLimit } from '../access/rate-limit.ts'
import type { Session, Sessions } from '../access/sessions.ts'
import type { Prices } from '../cost/prices.ts'
import type { Clock } from '../platform/clock.ts'
import type { EvidencePage } from '../evidence/evidence-page.ts'
import type { HostedLedger, LedgerServices } from '../hosting/hosted-ledger.ts'
import type { RequestMetrics } from '../hosting/metrics.ts'
import { BODY_BYTES_MAX, decompress } from '../ingest/decompress.ts'
import type { Disk } from '../platform/disk.ts'
import type { Connection } from '../platform/connection.ts'
import { Problem } from './problem.ts'
import type { Settings } from './settings.ts'

export type { LedgerServices } from '../hosting/hosted-ledger.ts'

/** What belongs to the whole server. */
export interface ServerServices {
  ledgers: Ledgers
  evidence: EvidencePage
  clock: Clock
  disk: Disk
  /** The token of first start. */
  adminToken: string
  settings: Settings
  /** What storing and asking is charged with; those of an example when absent. */
  prices?: Prices
  sessions: Sessions
  lockout: Lockout
  rateLimit: RateLimit
  /** Directory of the built dashboard, when there is one. */
  dashboardDirectory: string
  version: string
  /** Told of every failure nobody foresaw. */
  onUnexpected(error: unknown): void
}

/** The ledgers a server hosts. */
export interface Ledgers {
  /** Undefined for a name that is nobody's here, or whose ledger is not available. */
  get(name: string): HostedLedger | undefined
  all(): readonly HostedLedger[]
  /** The one that always exists. */
  readonly default: HostedLedger
  /** Numbers of the process that belong to no ledger. */
  readonly metrics: RequestMetrics
  /** Makes a new ledger. @throws HostingError */
  create(name: string): Promise<HostedLedger>
}

/** What handlers may use. */
export interface Services extends ServerServices, LedgerServices {}

export interface Call {
  request: Request
  /** Who is connected. */
  from: Connection
  /** Who asks; on open routes anybody. */
  caller: Caller
  /** What the caller may do by the action of this route. */
  permit: Permit
  /** What for, when that was said. */
  purpose: string | undefined
  params: Record<string, string>
  query: URLSearchParams
  services: Services
  /** The session of the browser, when the caller came with one. */
  browser?: Session
  /** What was seen, for the record of this look; a handler adds what only it knows. */
  look: LookedAt
}

/** What a handler adds to the record of a look. */
export type LookedAt = {
  -readonly [Part in keyof Omit<Look, 'actor' | 'action' | 'operation' | 'purpose' | 'code'>]?: Look[Part]
} & {
  /** Whether it must be durable before the answer leaves. */
  isUrgent?: boolean
  /** Whether sealed fields are among what was shown. */
  isReveal?: boolean
}

export type Handler = (call: Call) => Promise<Response> | Response
export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers },
  })
}

/** The request's body, decompressed; Problem or BodyError when it is too large or damaged. */
export async function bodyOf(request: Request): Promise<Uint8Array> {
  const raw = await readAtMost(request, BODY_BYTES_MAX).catch((error: unknown) => {
    if (error instanceof Problem) throw error
    // The sender hung up; nobody hears this answer.
    throw new Problem(400, 'body_incomplete', 'the connection ended before the body did')
  })
  return decompress(request.headers.get('content-encoding') ?? undefined, raw, BODY_BYTES_MAX)
}

/** What of a body too large is read past its limit, so that its sender hears the answer on a connection that lives on. */
const SPARE_BYTES_MAX = 2 * BODY_BYTES_MAX

async function readAtMost(request: Request, bytesMax: number): Promise<Uint8Array> {
  const declared = request.headers.get('content-length')
  if (declared !== null && Number(declared) <= bytesMax) return new Uint8Array(await request.arrayBuffer())
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length
    if (bytes <= bytesMax) chunks.push(chunk)
    if (bytes > bytesMax + SPARE_BYTES_MAX) throw tooLarge(bytesMax, { Connection: 'close' })
  }
  if (bytes > bytesMax) throw tooLarge(bytesMax)
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

function tooLarge(bytesMax: number, headers: Record<string, string> = {}): Problem {
  return new Problem(413, 'body_too_large', `a request body is at most ${bytesMax} bytes`, {}, headers)
}

/** Parses a JSON object body of a small request, as strictly as a record is read: what comes of it may stand in one. */
export async function objectOf(request: Request): Promise<Record<string, unknown>> {
  return objectIn(await bodyOf(request))
}

/** The same of a body that may be left out: an empty object. */
export async function optionalObjectOf(request: Request): Promise<Record<string, unknown>> {
  const bytes = await bodyOf(request)
  return bytes.length === 0 ? {} : objectIn(bytes)
}

function objectIn(bytes: Uint8Array): Record<string, unknown> {
  const { value, faults } = readJson(fromUtf8(bytes))
  const [fault] = faults
  if (fault) throw new Problem(400, fault.code, fault.message, { field: fault.path })
  if (!isObject(value)) throw new Problem(400, 'wrong_type', 'the body must be a JSON object')
  return value
}
