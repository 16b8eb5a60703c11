/** Runs litewitness, a witness of other authors, where `.ci/foreign-witness` or the machine has it. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatVkey, KEY_TYPE } from '@deponent/format'

const UNPACKED = fileURLToPath(new URL('../../.cache/foreign/witness/usr/bin', import.meta.url))
const NAME = 'witness.example/lite'

const isThere = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
const isUnpacked = existsSync(join(UNPACKED, 'litewitness'))

/** Why it cannot run; undefined when it can. */
export const noForeignWitness =
  isUnpacked || (isThere('litewitness') && isThere('witnessctl'))
    ? isThere('ssh-agent')
      ? undefined
      : 'ssh-agent is not installed'
    : 'litewitness is not at hand; .ci/foreign-witness fetches it'

const program = (name: string): string => (isUnpacked ? join(UNPACKED, name) : name)

/** A running litewitness with a key of its own in an ssh-agent of its own. */
export class ForeignWitness {
  readonly vkey: string
  readonly url: string
  readonly #children: readonly ChildProcess[]

  private constructor(vkey: string, url: string, children: readonly ChildProcess[]) {
    this.vkey = vkey
    this.url = url
    this.#children = children
  }

  /** Starts it for one log. */
  static async start(origin: string, logVkey: string): Promise<ForeignWitness> {
    const directory = mkdtempSync(join(tmpdir(), 'deponent-lite-'))
    const at = (name: string): string => join(directory, name)
    const agent = spawn('ssh-agent', ['-D', '-a', at('agent')], { stdio: 'ignore' })
    await until(() => existsSync(at('agent')))
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at('key')])
    const env = { ...process.env, SSH_AUTH_SOCK: at('agent') }
    execFileSync('ssh-add', ['-q', at('key')], { env, stdio: 'pipe' })
    const [, fingerprint = ''] = execFileSync('ssh-keygen', ['-lf', at('key.pub')], {
      encoding: 'utf8',
    }).split(' ')
    const log = ['-db', at('lite.db'), '-origin', origin]
    execFileSync(program('witnessctl'), ['add-log', ...log], { stdio: 'pipe' })
    execFileSync(program('witnessctl'), ['add-key', ...log, '-key', logVkey], { stdio: 'pipe' })
    const listen = `127.0.0.1:${await freePort()}`
    const flags = ['-db', at('lite.db'), '-name', NAME, '-key', fingerprint, '-listen', listen]
    const witness = spawn(program('litewitness'), [...flags, '-ssh-agent', at('agent')], { stdio: 'ignore' })
    await until(() => fetch(`http://${listen}/`).then(Boolean, () => false))
    return new ForeignWitness(vkeyOf(readFileSync(at('key.pub'), 'utf8')), `http://${listen}`, [
      witness,
      agent,
    ])
  }

  async stop(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null) continue
      child.kill()
      await once(child, 'exit')
    }
  }
}

/** The cosignature key of an OpenSSH public key line; the last 32 bytes of its blob are the key. */
function vkeyOf(line: string): string {
  const blob = Buffer.from(line.split(' ')[1] ?? '', 'base64')
  return formatVkey(NAME, new Uint8Array(blob.subarray(-32)), KEY_TYPE.cosignature)
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the foreign witness did not start')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
