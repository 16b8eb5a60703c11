/**
 * How a command reaches a ledger: a server it is told of, the server that runs on the data directory, or, when none does, one
 * started for the length of the command. All three are spoken to in the same way.
 */
import { fromUtf8 } from '@deponent/format'
import { startApp } from '../app.ts'
import { readDirectoryFormat } from '../ledger/identity.ts'
import { realClock } from '../platform/clock.ts'
import { realDisk } from '../platform/disk.ts'
import { type HttpAnswer, request } from '../platform/http-client.ts'
import { userStateDirectory } from '../platform/places.ts'
import { isHeld } from '../platform/state-store.ts'
import { note } from '../platform/terminal.ts'
import { CommandError, EXIT } from './exit.ts'

export interface ConnectionOptions {
  data: string
  url?: string
  key?: string
  signerState?: string
  signerSocket?: string
}

const ATTEMPTS_MAX = 20

/** Whether nothing was taken because the server has too much to do. */
function asksForPause({ status, text }: HttpAnswer): boolean {
  return status === 429 || (status === 503 && /"code":"(overloaded|index_behind)"/.test(text))
}

export class Connection {
  readonly url: string
  readonly #key: string
  readonly #close: () => Promise<void>

  constructor(url: string, key: string, close: () => Promise<void> = () => Promise.resolve()) {
    this.url = url
    this.#key = key
    this.#close = close
  }

  /** Posts JSON; while the server asks for a pause, waits and posts again. CommandError when nobody answers. */
  async post(path: string, body: string, headers: Record<string, string> = {}): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#postOnce(path, body, headers)
      if (attempt === ATTEMPTS_MAX || !asksForPause(answer)) return answer
      await realClock.sleep(1_000 * Number(answer.headers.get('retry-after') ?? 1))
    }
  }

  /** One GET; CommandError when nobody answers, in time. */
  async get(path: string, timeoutMs?: number): Promise<HttpAnswer> {
    try {
      const headers = { Authorization: `Bearer ${this.#key}` }
      return await request(`${this.url}${path}`, { headers }, timeoutMs)
    } catch {
      throw new CommandError(EXIT.internal, `no answer from ${this.url}`)
    }
  }

  async #postOnce(path: string, body: string, more: Record<string, string>): Promise<HttpAnswer> {
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${this.#key}`, ...more }
    try {
      return await request(`${this.url}${path}`, { method: 'POST', body, headers })
    } catch {
      throw new CommandError(EXIT.internal, `no answer from ${this.url}`)
    }
  }

  close(): Promise<void> {
    return this.#close()
  }
}

/** Opens a connection; CommandError when the directory's server refuses or cannot start. */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  if (options.url !== undefined) return connectTo(options.url, options.key)
  return (await runningOn(options.data)) ?? (await startFor(options))
}

function connectTo(url: string, key: string | undefined): Connection {
  const given = key ?? process.env.DEPONENT_KEY
  if (given === undefined) throw new CommandError(EXIT.usage, '--url needs a key: --key KEY or DEPONENT_KEY')
  if (!URL.canParse(url))
    throw new CommandError(EXIT.usage, '--url needs an address such as http://127.0.0.1:4600')
  return new Connection(url.replace(/\/$/, ''), given)
}

/** The server that runs on a data directory; undefined when none does. */
export async function runningOn(data: string): Promise<Connection | undefined> {
  const announced = await realDisk.read(`${data}/state/server.json`)
  const token = await realDisk.read(`${data}/admin-token`)
  if (!announced || !token) return undefined
  // A directory nobody holds has no server: what listens at the address left behind is a stranger, and gets no token.
  if (!isHeld(`${data}/state/lock.db`)) return undefined
  const { url } = JSON.parse(fromUtf8(announced)) as { url: string }
  try {
    const { status } = await request(`${url}/healthz`, {}, 2_000)
    return status === 200 ? new Connection(url, fromUtf8(token).trim()) : undefined
  } catch {
    return undefined
  }
}

async function startFor({ data, signerState, signerSocket }: ConnectionOptions): Promise<Connection> {
  const app = await startApp({
    directory: data,
    host: '127.0.0.1',
    port: 0,
    signerDirectory: signerState ?? `${userStateDirectory()}/signer`,
    ...(signerSocket !== undefined && { signerSocket }),
    diagnose: (message, details) => note(`${message} ${details ? JSON.stringify(details) : ''}`),
  })
  return new Connection(app.url, app.adminToken, () => app.close())
}

/** CommandError when `data` is no data directory: for commands that read one and would otherwise make one. */
export async function mustBeDirectory(data: string): Promise<void> {
  if (!(await readDirectoryFormat(realDisk, data)))
    throw new CommandError(EXIT.usage, `${data} is not a data directory`)
}

/** The JSON of a good answer; CommandError with the problem's words otherwise. */
export function jsonOf({ status, text }: HttpAnswer): unknown {
  const value: unknown = JSON.parse(text)
  if (status < 400) return value
  const problem = value as { code?: string; detail?: string; field?: string }
  const field = problem.field === undefined ? '' : ` (${problem.field})`
  throw new CommandError(
    status >= 500 ? EXIT.internal : EXIT.usage,
    `${problem.code ?? status}${field}: ${problem.detail ?? text}`,
  )
}
