import { fromUtf8, parseTrust, toHex } from '@deponent/format'
import { Command } from 'commander'
import { ServedCopy, ServedDirectory } from '../check/served-directory.ts'
import { type ConformanceReport, examine } from '../conformance/examine.ts'
import type { PublishedLedger, Served, ServerRoutes, StatedKeys } from '../conformance/published.ts'
import { realDisk } from '../platform/disk.ts'
import { request, requestBytes } from '../platform/http-client.ts'
import { realRandom } from '../platform/random.ts'
import { endProgress, print, progress } from '../platform/terminal.ts'
import { CommandError, EXIT } from './exit.ts'
import { fileBytes } from './file.ts'

interface ConformanceOptions {
  trust?: string
  ledger: string
  key?: string
  write?: boolean
  json?: boolean
}

interface Target {
  ledger: PublishedLedger
  routes?: ServerRoutes
}

/** A ledger behind an address and the routes beside it. The key goes nowhere but there. */
class HttpTarget {
  readonly #prefix: string
  readonly #server: string
  readonly #headers: Record<string, string>

  constructor(target: string, ledger: string, key: string | undefined) {
    if (!URL.canParse(target)) throw new CommandError(EXIT.usage, 'the address of the ledger cannot be read')
    const { origin, pathname } = new URL(target)
    const path = pathname.replace(/\/+$/, '')
    this.#server = origin + path.replace(/\/ledgers\/[^/]+$/, '')
    this.#prefix = path.includes('/ledgers/') ? origin + path : `${this.#server}/ledgers/${ledger}`
    this.#headers = key === undefined ? {} : { Authorization: `Bearer ${key}` }
  }

  get ledger(): PublishedLedger {
    return { get: (path) => this.#published(path), keys: () => this.#keys() }
  }

  get routes(): ServerRoutes {
    const send = (path: string, init: RequestInit): Promise<{ status: number; text: string }> =>
      this.#answer(request(this.#server + path, init))
    const posted = { ...this.#headers, 'Content-Type': 'application/json' }
    return {
      get: (path) => send(path, { headers: this.#headers }),
      post: (path, body) => send(path, { method: 'POST', body, headers: posted }),
    }
  }

  async #published(path: string): Promise<Served> {
    const asked = requestBytes(`${this.#prefix}/${path}`, { headers: this.#headers })
    const { status, bytes, headers } = await this.#answer(asked)
    if (status === 401 || status === 403)
      throw new CommandError(EXIT.usage, `${this.#prefix} needs a key: --key KEY or DEPONENT_KEY`)
    return { status, bytes: bytes ?? new Uint8Array(0), headers }
  }

  async #keys(): Promise<StatedKeys> {
    const headers = { ...this.#headers, Accept: 'application/json' }
    const { status, text } = await this.#answer(request(`${this.#prefix}/vkey`, { headers }))
    return status === 200 ? statedKeys(text) : {}
  }

  async #answer<T>(asked: Promise<T>): Promise<T> {
    return asked.catch(() => {
      throw new CommandError(EXIT.incomplete, `no answer from ${this.#server}`)
    })
  }
}

function statedKeys(text: string): StatedKeys {
  try {
    const { checkpoint, promise } = JSON.parse(text) as Record<string, unknown>
    return {
      ...(typeof checkpoint === 'string' && { checkpoint }),
      ...(typeof promise === 'string' && { promise }),
    }
  } catch {
    return { checkpoint: text.trim() }
  }
}

async function targetOf(target: string, { ledger, key, write }: ConformanceOptions): Promise<Target> {
  if (/^https?:\/\//.test(target)) {
    const http = new HttpTarget(target, ledger, key ?? process.env.DEPONENT_KEY)
    return { ledger: http.ledger, routes: http.routes }
  }
  if (write) throw new CommandError(EXIT.usage, '--write needs the address of a running server')
  const files =
    (await ServedDirectory.open(realDisk, target, ledger)) ?? (await ServedCopy.open(realDisk, target))
  if (!files)
    throw new CommandError(EXIT.usage, `${target} is neither a data directory nor a copy of a ledger`)
  return { ledger: files }
}

function printReport({ claims, checks }: ConformanceReport): void {
  for (const [i, { id, section, sentence, outcome, detail }] of checks.entries()) {
    const why = detail === undefined ? '' : ` (${detail})`
    print(
      `${String(i + 1).padStart(2)}  ${WORDS[outcome].padEnd(14)}  ${id.padEnd(18)}  §${section.padEnd(3)} ${sentence}${why}`,
    )
  }
  for (const [claim, standing] of Object.entries(claims)) print(`${claim}: ${standing.replace('_', ' ')}`)
}

const WORDS = { passed: 'passed', failed: 'FAILED', not_applicable: 'not applicable' } as const

function exitCodeOf({ claims, checks }: ConformanceReport, write: boolean): number {
  if (checks.some(({ outcome }) => outcome === 'failed')) return EXIT.negative
  const asked = write ? [claims.reader, claims.writer] : [claims.reader]
  return asked.every((standing) => standing === 'conforms') ? EXIT.ok : EXIT.incomplete
}

export const conformance = new Command('conformance')
  .description('check whether a ledger, ours or anybody’s, keeps to the format')
  .argument('<target>', 'address of a ledger, data directory, or copy of what a ledger serves')
  .option('--trust <file>', 'whose keys and witnesses count; without it the keys the ledger names')
  .option('--ledger <name>', 'which ledger of a server or directory', 'default')
  .option('--key <key>', 'key for an address that needs one (or DEPONENT_KEY)')
  .option('--write', 'record a handful of marked test records too; they stay in the ledger')
  .option('--json', 'answer in JSON')
  .addHelpText('after', '\nExample:\n  deponent conformance http://127.0.0.1:4600 --key KEY')
  .action(async (target: string, options: ConformanceOptions) => {
    const trust =
      options.trust === undefined ? undefined : parseTrust(fromUtf8(await fileBytes(options.trust)))
    const report = await examine({
      ...(await targetOf(target, options)),
      ...(trust && { trust }),
      mayWrite: options.write === true,
      mark: toHex(realRandom.bytes(8)),
      onProgress: (done, total) => progress(`${done} of ${total} entries`),
    })
    endProgress()
    if (options.json) print(JSON.stringify(report))
    else printReport(report)
    process.exitCode = exitCodeOf(report, options.write === true)
  })
