/** Programmes other people wrote, run on what we publish. */
import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import type { ServerProcess } from '../e2e/server-process.ts'

/** Set where the packages can be installed: there nothing may skip for want of them. */
const isInstallable = process.env['DEPONENT_CI'] !== undefined

/** A suite that needs what may not be on this machine: `missing` says what is not, undefined when nothing is. */
export function strangerSuite(name: string, missing: string | undefined, body: () => void): void {
  if (missing === undefined || !isInstallable) return optionalStrangerSuite(name, missing, body)
  test(name, () => {
    throw new Error(missing)
  })
}

/** A suite over what `.ci/foreign-tools` could get hold of; it may be missing anywhere. */
export function optionalStrangerSuite(name: string, missing: string | undefined, body: () => void): void {
  if (missing === undefined) describe(name, body)
  else test(name, ({ skip }) => skip(missing))
}

/** What a programme said at its end. */
export interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** Runs a programme to its end; it may take two minutes. */
export function run(
  programme: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  const options = { env: { ...process.env, ...env }, maxBuffer: 64 * 1_048_576, timeout: 120_000 }
  return new Promise((resolve) => {
    execFile(programme, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, stdout, stderr })
    })
  })
}

export function newDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'deponent-strangers-'))
}

/** Changes what a stranger is shown of a path; undefined leaves it. */
export type Tampering = (path: string, body: Uint8Array) => Uint8Array | undefined

/** Somebody between a ledger and its readers, who changes what passes. */
export class ManInTheMiddle {
  readonly url: string
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async start(ledger: ServerProcess, tampering: Tampering): Promise<ManInTheMiddle> {
    const server = createServer((request, response) => {
      void ledger.fetch(request.url ?? '/').then(async (answer) => {
        const body = new Uint8Array(await answer.arrayBuffer())
        response.writeHead(answer.status, Object.fromEntries(answer.headers))
        response.end(tampering(request.url ?? '/', body) ?? body)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new ManInTheMiddle(server)
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** Flips one bit of what lies at a path. */
export function flip(path: string, at: number): Tampering {
  return (asked, body) => {
    if (asked !== path) return undefined
    const changed = Uint8Array.from(body)
    changed[at % changed.length]! ^= 1
    return changed
  }
}

export interface LedgerKeys {
  origin: string
  checkpoint: string
  promise: string
}

export async function keysOf(server: ServerProcess): Promise<LedgerKeys> {
  const answer = await server.fetch('/ledgers/default/vkey', { headers: { Accept: 'application/json' } })
  return (await answer.json()) as LedgerKeys
}
