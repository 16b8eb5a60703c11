import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const BIN = fileURLToPath(new URL('../../packages/server/bin/deponent.mjs', import.meta.url))

export interface Place {
  data: string
  signer: string
}

export async function newPlace(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'deponent-'))
  return { data: join(root, 'data'), signer: join(root, 'signer') }
}

/** A real server in a process of its own. */
export class ServerProcess {
  readonly url: string
  readonly key: string
  readonly #child: ChildProcess
  readonly stderr: string[]

  private constructor(url: string, key: string, child: ChildProcess, stderr: string[]) {
    this.url = url
    this.key = key
    this.#child = child
    this.stderr = stderr
  }

  static async start(place: Place, command: readonly string[] = ['serve']): Promise<ServerProcess> {
    const [name, ...more] = command
    const flags = [name!, '--data', place.data, '--port', '0', '--signer-state', place.signer, ...more]
    const child = spawn(process.execPath, [BIN, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
    const stderr: string[] = []
    createInterface({ input: child.stderr }).on('line', (line) => stderr.push(line))
    const lines = createInterface({ input: child.stdout })
    const line = await Promise.race([
      once(lines, 'line').then(([text]) => String(text)),
      once(child, 'exit').then(([code]) =>
        Promise.reject(new Error(`the server ended with ${code}: ${stderr.join('\n')}`)),
      ),
    ])
    const [url, key] = line.split('/#key=')
    return new ServerProcess(url!, key!, child, stderr)
  }

  get pid(): number {
    return this.#child.pid!
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      ...init,
      headers: { Authorization: `Bearer ${this.key}`, ...init.headers },
    })
  }

  async get<T>(path: string): Promise<T> {
    return (await (await this.fetch(path)).json()) as T
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch(path, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', ...headers },
    })
  }

  /** Waits until everything recorded so far is in the index. */
  async indexed(): Promise<void> {
    for (;;) {
      const { checks } = await this.get<{
        checks: { ledger: { size: number }; index: { position: number } }
      }>('/readyz')
      if (checks.index.position >= checks.ledger.size) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode !== null) return this.#child.exitCode
    this.#child.kill(signal)
    const [code] = (await once(this.#child, 'exit')) as [number | null]
    return code
  }
}

/** Runs a command of the CLI to its end. */
export async function runCommand(
  args: readonly string[],
  input?: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdin.end(input ?? '')
  const [code] = (await once(child, 'close')) as [number]
  return { code, stdout, stderr }
}

export async function adminToken(place: Place): Promise<string> {
  return (await readFile(join(place.data, 'admin-token'), 'utf8')).trim()
}
