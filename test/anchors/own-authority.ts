/** Timestamps by openssl under certificates of any kind: what a careful reader has to tell apart. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatTimestampRequest } from '@deponent/format'

/** Why there is no openssl; undefined when there is. */
export const noOpenssl =
  spawnSync('openssl', ['version']).status === 0 ? undefined : 'openssl is not installed'

const AUTHORITY = `basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash`

/** Extensions of a proper timestamp authority. */
export const STAMPING = `basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash`

/** What to make a chain of: extensions of the authorities from the root down, and of the one that stamps. */
export interface ChainPlan {
  readonly authorities?: readonly string[]
  readonly stamping?: string
  /** How the signer names its certificate. */
  readonly certificateDigest?: 'sha1' | 'sha256' | 'sha512'
  readonly signerDigest?: 'sha256' | 'sha384' | 'sha512'
}

/** A chain of certificates in a directory of its own. */
export class OwnAuthority {
  readonly #directory = mkdtempSync(join(tmpdir(), 'deponent-chain-'))
  readonly #plan: ChainPlan

  constructor(plan: ChainPlan = {}) {
    this.#plan = plan
    const authorities = plan.authorities ?? [AUTHORITY]
    for (const [i, extensions] of authorities.entries()) this.#certify(`a${i}`, i, extensions)
    this.#certify('stamp', authorities.length, plan.stamping ?? STAMPING)
    const along = authorities.map((_, i) => this.pem(`a${i}`)).slice(1)
    writeFileSync(this.#path('along.pem'), along.join('') || this.pem('a0'))
  }

  /** PEM of the root. */
  get root(): string {
    return this.pem('a0')
  }

  pem(name: string): string {
    return readFileSync(this.#path(`${name}.pem`), 'utf8')
  }

  /** The reply to a request for a timestamp over `message`; undefined when openssl refuses to make one. */
  stamp(message: Uint8Array): Uint8Array | undefined {
    writeFileSync(this.#path('q.tsq'), formatTimestampRequest(message))
    writeFileSync(this.#path('serial'), '01\n')
    writeFileSync(this.#path('ts.cnf'), this.#configuration())
    const options = ['ts', '-reply', '-config', this.#path('ts.cnf'), '-queryfile', this.#path('q.tsq')]
    const { status } = spawnSync('openssl', [...options, '-out', this.#path('r.tsr')])
    return status === 0 ? new Uint8Array(readFileSync(this.#path('r.tsr'))) : undefined
  }

  /** Whether openssl itself accepts a reply over `message` under the root. */
  opensslAccepts(reply: Uint8Array, message: Uint8Array): boolean {
    writeFileSync(this.#path('check.tsr'), reply)
    writeFileSync(this.#path('message'), message)
    const options = ['-in', this.#path('check.tsr'), '-CAfile', this.#path('a0.pem')]
    return spawnSync('openssl', ['ts', '-verify', '-data', this.#path('message'), ...options]).status === 0
  }

  destroy(): void {
    rmSync(this.#directory, { recursive: true })
  }

  #path(name: string): string {
    return join(this.#directory, name)
  }

  #certify(name: string, depth: number, extensions: string): void {
    const [key, request, certificate] = ['key', 'csr', 'pem'].map((kind) =>
      this.#path(`${name}.${kind}`),
    ) as [string, string, string]
    writeFileSync(this.#path('ext'), `${extensions}\n`)
    run('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', key)
    run('req', '-new', '-key', key, '-subj', `/CN=Test ${name}`, '-out', request)
    const issuer =
      depth === 0
        ? ['-signkey', key]
        : ['-CA', this.#path(`a${depth - 1}.pem`), '-CAkey', this.#path(`a${depth - 1}.key`)]
    const common = ['-req', '-in', request, '-days', '30', '-set_serial', `${depth + 7}`, '-sha256']
    run('x509', ...common, ...issuer, '-extfile', this.#path('ext'), '-out', certificate)
  }

  #configuration(): string {
    const { certificateDigest = 'sha256', signerDigest = 'sha256' } = this.#plan
    return `[ tsa ]
default_tsa = one
[ one ]
serial = ${this.#path('serial')}
signer_cert = ${this.#path('stamp.pem')}
signer_key = ${this.#path('stamp.key')}
certs = ${this.#path('along.pem')}
default_policy = 1.3.6.1.4.1.99999.1.1
signer_digest = ${signerDigest}
digests = sha256
ess_cert_id_alg = ${certificateDigest}
`
  }
}

function run(...options: readonly string[]): void {
  execFileSync('openssl', options, { stdio: 'pipe' })
}
