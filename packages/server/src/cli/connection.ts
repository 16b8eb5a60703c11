/**
 * How a command reaches a ledger: a server it is told of, the server that runs on the data directory, or, when none does, one
 * started for the length of the command. All three are spoken to in the same way.
 */
import { fromUtf8 } from '@deponent/format'
import { readDirectoryFormat } from '../ledger/identity.ts'
import { realClock } from '../platform/clock.ts'
import { realDisk } from '../platform/disk.ts'
import { type HttpAnswer, request } from '../platform/http-client.ts'
import { userStateDirectory } from '../platform/places.ts'
import { isHeld } from '../platform/state-store.ts'
import { note } from '../platform/terminal.ts'
import { CommandError, EXIT } from './exit.ts'
import type { SignerSocketsOption } from './options.ts'
import { type RootKeyOptions, rootOf } from './root-key.ts'

export interface ConnectionOptions extends SignerSocketsOption, RootKeyOptions {
  data: string
  url?: string
  key?: string
  /** Which ledger of the server is meant, for a key that belongs to several. */
  ledger?: string
  signerState?: string
  localSignerForOthers?: boolean
}

const ATTEMPTS_MAX = 20

/** Whether nothing was taken because the server has too much to do. */
function asksForPause({ status, text }: HttpAnswer): boolean {
  return status === 429 || (status === 503 && /"code":"(overloaded|index_behind)"/.test(text))
}

export class Connection {
  readonly url: string
  readonly #headers: Record<string, string>
  readonly #close: () => Promise<void>

  constructor(
    url: string,
    { key, ledger }: { key: string; ledger?: string | undefined },
    close: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.url = url
    this.#headers = {
      Authorization: `Bearer ${key}`,
      ...(ledger !== undefined && { 'Deponent-Ledger': ledger }),
    }
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

  /** One request of any other kind; CommandError when nobody answers. */
  async send(method: 'DELETE' | 'PUT', path: string, body?: string): Promise<HttpAnswer> {
    const headers = { 'Content-Type': 'application/json', ...this.#headers }
    try {
      return await request(`${this.url}${path}`, { method, headers, ...(body !== undefined && { body }) })
    } catch {
      throw new CommandError(EXIT.internal, `no answer from ${this.url}`)
    }
  }

  /** One GET; CommandError when nobody answers, in time. */
  async get(path: string, timeoutMs?: number, more: Record<string, string> = {}): Promise<HttpAnswer> {
    try {
      return await request(`${this.url}${path}`, { headers: { ...this.#headers, ...more } }, timeoutMs)
    } catch {
      throw new CommandError(EXIT.internal, `no answer from ${this.url}`)
    }
  }

  async #postOnce(path: string, body: string, more: Record<string, string>): Promise<HttpAnswer> {
    const headers = { 'Content-Type': 'application/json', ...this.#headers, ...more }
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
  if (options.url !== undefined) return connectTo(options.url, options)
  return (await runningOn(options.data, options)) ?? (await startFor(options))
}

/** The key that was given, if any: without one a command on a data directory takes the token of first start. */
function givenKey({ key }: Pick<ConnectionOptions, 'key'>): string | undefined {
  return key ?? process.env.DEPONENT_KEY
}

function connectTo(url: string, options: ConnectionOptions): Connection {
  const { ledger } = options
  const given = givenKey(options)
  if (given === undefined) throw new CommandError(EXIT.usage, '--url needs a key: --key KEY or DEPONENT_KEY')
  if (!URL.canParse(url))
    throw new CommandError(EXIT.usage, '--url needs an address such as http://127.0.0.1:4600')
  return new Connection(url.replace(/\/$/, ''), { key: given, ledger })
}

/** The server that runs on a data directory; undefined when none does. */
export async function runningOn(
  data: string,
  options: Pick<ConnectionOptions, 'key' | 'ledger'> = {},
): Promise<Connection | undefined> {
  const announced = await realDisk.read(`${data}/state/server.json`)
  const token = await realDisk.read(`${data}/admin-token`)
  if (!announced || !token) return undefined
  // A directory nobody holds has no server: what listens at the address left behind is a stranger, and gets no token.
  if (!isHeld(`${data}/state/lock.db`)) return undefined
  const { url } = JSON.parse(fromUtf8(announced)) as { url: string }
  try {
    const { status } = await request(`${url}/healthz`, {}, 2_000)
    if (status !== 200) return undefined
    return new Connection(url, { key: givenKey(options) ?? fromUtf8(token).trim(), ledger: options.ledger })
  } catch {
    return undefined
  }
}

async function startFor(options: ConnectionOptions): Promise<Connection> {
  const { ledger, signerState, signerSocket, localSignerForOthers = false } = options
  // Most commands find a server that runs, and need none of it.
  const { startApp } = await import('../app.ts')
  const app = await startApp({
    directory: options.data,
    host: '127.0.0.1',
    port: 0,
    signerDirectory: signerState ?? `${userStateDirectory()}/signer`,
    root: rootOf(options, options.data),
    ...(signerSocket && { signerSockets: signerSocket }),
    localSignerForOthers,
    diagnose: (message, details) => note(`${message} ${details ? JSON.stringify(details) : ''}`),
  })
  return new Connection(app.url, { key: givenKey(options) ?? app.adminToken, ledger }, () => app.close())
}

/**
 * CommandError when `data` is no data directory, or has no ledger of the name given: for commands that read one and would otherwise
 * make one.
 */
export async function mustBeDirectory(data: string, ledger?: string): Promise<void> {
  const format = await readDirectoryFormat(realDisk, data)
  if (!format) throw new CommandError(EXIT.usage, `${data} is not a data directory`)
  if (ledger !== undefined && !Object.hasOwn(format.ledgers, ledger))
    throw new CommandError(EXIT.usage, `${data} has no ledger ${ledger}`)
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
