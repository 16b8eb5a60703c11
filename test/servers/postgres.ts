/** A real PostgreSQL for tests: a cluster of its own below the system's place for temporary files, on 127.0.0.1. */
import { execFile, execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, chownSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const DEBIAN = '/usr/lib/postgresql'
const BIN = existsSync(DEBIAN)
  ? readdirSync(DEBIAN)
      .map((version) => join(DEBIAN, version, 'bin'))
      .findLast((path) => existsSync(join(path, 'initdb')))
  : undefined

/** Why there is no such server; undefined when there is. */
export const noPostgres =
  BIN !== undefined && spawnSync('which', ['psql']).status === 0
    ? undefined
    : 'no PostgreSQL is installed (postgresql-15)'

/** PostgreSQL refuses to run as root: then somebody else runs it. */
function someoneElse(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'nobody']).toString()))
  return { uid: uid!, gid: gid! }
}

export class Postgres {
  /** As `psql` takes it. */
  readonly url: string
  readonly #child: ChildProcess
  readonly #root: string

  private constructor(url: string, child: ChildProcess, root: string) {
    this.url = url
    this.#child = child
    this.#root = root
  }

  static async start(): Promise<Postgres> {
    // Not below TMPDIR, which whoever runs the server may not be let into.
    const root = mkdtempSync('/tmp/deponent-postgres-')
    const user = someoneElse()
    const [data, sockets] = ['data', 'sockets'].map((name) => join(root, name)) as [string, string]
    for (const path of [root, data, sockets]) {
      mkdirSync(path, { recursive: true })
      chmodSync(path, 0o700)
      if (user.uid !== undefined) chownSync(path, user.uid, user.gid!)
    }
    const initial = [
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
      '--no-sync',
    ]
    await run(join(BIN!, 'initdb'), initial, { ...user, cwd: root })
    const port = await freePort()
    const settings = [
      '-D',
      data,
      '-k',
      sockets,
      '-p',
      `${port}`,
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'fsync=off',
    ]
    const child = spawn(join(BIN!, 'postgres'), settings, { ...user, cwd: root, stdio: 'ignore' })
    const server = new Postgres(`postgres://postgres@127.0.0.1:${port}/postgres`, child, root)
    await server.#ready()
    return server
  }

  /** What `psql` prints for statements, without names and borders. */
  async psql(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('psql', [this.url, '-v', 'ON_ERROR_STOP=1', '-q', '-A', '-t', ...args])
    return stdout
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGINT')
    await once(this.#child, 'exit')
    rmSync(this.#root, { recursive: true, force: true })
  }

  async #ready(): Promise<void> {
    while (this.#child.exitCode === null) {
      if (spawnSync('psql', [this.url, '-c', 'select 1'], { stdio: 'ignore' }).status === 0) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error(`PostgreSQL ended with ${this.#child.exitCode}`)
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
