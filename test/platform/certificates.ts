import { execFile } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const P256 = ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']

export interface CertificateFiles {
  certificate: string
  key: string
}

/** A self-signed certificate for `localhost`, made by OpenSSL. */
export async function makeCertificate(algorithm: readonly string[] = P256): Promise<CertificateFiles> {
  const directory = await mkdtemp(join(tmpdir(), 'deponent-tls-'))
  const files = { certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') }
  const kind = ['-x509', '-nodes', '-days', '2', '-newkey', ...algorithm]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  await run('openssl', ['req', ...kind, ...subject, '-keyout', files.key, '-out', files.certificate])
  return files
}

/** The same key behind a passphrase. */
export async function encryptKey(key: string): Promise<string> {
  const encrypted = `${key}.encrypted`
  await run('openssl', ['pkey', '-in', key, '-aes256', '-passout', 'pass:secret', '-out', encrypted])
  return encrypted
}
