/** A page whose commands are typed into a shell, against a server that its first command starts. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT, textOf } from './tree.ts'

const BIN = join(ROOT, 'packages/server/bin/deponent.mjs')
const ADDRESS = 'http://127.0.0.1:4600'

/** What keeps commands from being run here; `.ci/run` has everything, so there it is a failure. */
export function missingForShell(): string | undefined {
  if (process.env.DEPONENT_CI === '1') return undefined
  if (!existsSync(join(ROOT, 'packages/server/dist/cli/main.js'))) return 'not built; npm test builds first'
  return spawnSync('curl', ['--version']).status === 0 ? undefined : 'no curl on this machine'
}

export class ShellPage {
  readonly home: string
  /** The shell blocks behind the one that starts the server. */
  readonly blocks: readonly string[]
  readonly origin: string
  readonly #server: ChildProcess
  readonly #env: NodeJS.ProcessEnv

  private constructor(
    home: string,
    blocks: readonly string[],
    origin: string,
    { server, env }: { server: ChildProcess; env: NodeJS.ProcessEnv },
  ) {
    this.home = home
    this.blocks = blocks
    this.origin = origin
    this.#server = server
    this.#env = env
  }

  /** Starts the server as the page says, on a free port. */
  static async open(path: string): Promise<ShellPage> {
    const [serve = '', ...blocks] = [...textOf(path).matchAll(/^```sh\n(.*?)^```$/gms)].map(
      ([, text = '']) => text,
    )
    const home = mkdtempSync(join(tmpdir(), 'page-'))
    const env = { ...process.env, XDG_STATE_HOME: join(home, 'state') }
    const server = spawn('bash', ['-c', `exec ${typed(serve).trim()} --port 0`], { cwd: home, env })
    const [line] = (await once(createInterface(server.stdout), 'line')) as [string]
    return new ShellPage(home, blocks, new URL(line).origin, { server, env })
  }

  /** Runs commands in a shell of their own, and stops at the first that fails. */
  run(commands: string): { status: number | null; stdout: string; stderr: string } {
    const text = `set -e\n${typed(commands).replaceAll(ADDRESS, this.origin)}`
    return spawnSync('bash', ['-c', text], { cwd: this.home, env: this.#env, encoding: 'utf8' })
  }

  async stop(): Promise<void> {
    this.#server.kill('SIGTERM')
    await once(this.#server, 'exit')
    rmSync(this.home, { recursive: true })
  }
}

function typed(text: string): string {
  return text.replaceAll('npx deponent', `"${process.execPath}" "${BIN}"`)
}
