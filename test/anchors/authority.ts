/** A throw-away RFC 3161 authority (openssl behind HTTP), where the reference folder with its script is at hand. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { noOpenssl } from './own-authority.ts'

const SCRIPT = fileURLToPath(new URL('../../../shared/realparts/tsa.sh', import.meta.url))

/** The kinds of key the script can give an authority. */
export type AuthorityKey = 'p256' | 'p384' | 'rsa2048' | 'rsa3072'

/** Why no authority can be started; undefined when one can. */
export const noAuthority = existsSync(SCRIPT)
  ? noOpenssl
  : 'the script of the timestamp authority is not at hand'

/** An authority on loopback with a root of its own. */
export class Authority {
  readonly directory = mkdtempSync(join(tmpdir(), 'deponent-tsa-'))
  readonly #key: AuthorityKey

  constructor(key: AuthorityKey = 'p256') {
    this.#key = key
    this.start()
  }

  start(): void {
    this.#run('start')
  }

  /** Takes it down; keys, certificates and port stay. */
  stop(): void {
    this.#run('stop')
  }

  destroy(): void {
    this.#run('destroy')
  }

  get url(): string {
    return this.#setting('TSA_URL')
  }

  /** The root, as PEM. */
  get root(): string {
    return readFileSync(this.#setting('TSA_CA_FILE'), 'utf8')
  }

  /** Its own certificate, as PEM. */
  get certificate(): string {
    return readFileSync(this.#setting('TSA_CERT_FILE'), 'utf8')
  }

  #setting(name: string): string {
    const line = this.#run('env')
      .split('\n')
      .find((text) => text.startsWith(`${name}=`))
    if (line === undefined) throw new Error(`the authority has no ${name}`)
    return line.slice(name.length + 1)
  }

  #run(command: string): string {
    return execFileSync('bash', [SCRIPT, command, this.directory], {
      encoding: 'utf8',
      env: { ...process.env, TSA_KEY: this.#key },
    })
  }
}
