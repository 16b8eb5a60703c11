import { once } from 'node:events'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { connect as connectPlain } from 'node:net'
import { connect, type ConnectionOptions, type PeerCertificate, type TLSSocket } from 'node:tls'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { TlsFileError, TlsFiles } from '../../packages/server/src/platform/tls-files.ts'
import {
  type Connection,
  startWebServer,
  type WebServer,
} from '../../packages/server/src/platform/web-server.ts'
import { exchange, hostileRequests, statusesIn } from '../fixtures/hostile-requests.ts'
import { type CertificateFiles, encryptKey, makeCertificate } from './certificates.ts'

const DAY = 86_400_000
const ASK = 'GET /open HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'

let files: CertificateFiles
let other: CertificateFiles
let server: WebServer | undefined

beforeAll(async () => {
  files = await makeCertificate()
  other = await makeCertificate()
})
afterEach(async () => {
  await server?.close(0)
  server = undefined
})

// The certificates are made now, by the clock of this machine.
const now = (): TestClock => new TestClock(Date.now() + 60_000)
const open = (paths: CertificateFiles, clock = now()): Promise<TlsFiles> => TlsFiles.open(paths, clock)

async function start(
  tls: TlsFiles,
  more: { onTrouble?: (reason: string) => void } = {},
): Promise<{ port: number; heard: Connection[]; local: string }> {
  const heard: Connection[] = []
  const handle = async (request: Request, connection: Connection): Promise<Response> => {
    await request.text()
    heard.push(connection)
    return new Response('heard')
  }
  server = await startWebServer({ host: '127.0.0.1', port: 0, tls, handle, tlsEveryMs: 20, ...more })
  return { port: Number(new URL(server.url).port), heard, local: server.localUrl }
}

const dial = (port: number, more: ConnectionOptions = {}): TLSSocket =>
  connect({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false, ...more })

async function certificateOn(port: number): Promise<PeerCertificate> {
  const socket = dial(port)
  await once(socket, 'secureConnect')
  const certificate = socket.getPeerCertificate()
  socket.destroy()
  return certificate
}

describe('a certificate and a key that cannot be used', () => {
  const failing = async (paths: CertificateFiles, clock?: TestClock): Promise<string> => {
    const error = await open(paths, clock).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(error).toBeInstanceOf(TlsFileError)
    return (error as TlsFileError).message
  }

  test('are refused in words that name the file and what is wrong with it', async () => {
    const missing = `${files.key}.missing`
    expect(await failing({ ...files, key: missing })).toBe(`${missing} cannot be read (ENOENT)`)
    expect(await failing({ ...files, certificate: missing })).toBe(`${missing} cannot be read (ENOENT)`)
    expect(await failing({ ...files, certificate: files.key })).toContain('no certificate in PEM')
    expect(await failing({ ...files, key: files.certificate })).toContain('no private key in PEM')
    expect(await failing({ ...files, key: other.key })).toContain('is not the key of the first certificate')
    expect(await failing({ ...files, key: await encryptKey(files.key) })).toContain('is encrypted')
    expect(await failing(files, new TestClock(Date.now() + 3 * DAY))).toContain('expired on')
    expect(await failing(files, new TestClock(Date.now() - 3 * DAY))).toContain('not yet')
  })

  test('are refused when they are damaged, without a word of what is in them', async () => {
    const damaged = { certificate: `${files.certificate}.damaged`, key: `${files.key}.damaged` }
    const pem = await readFile(files.key, 'utf8')
    await writeFile(damaged.key, pem.replace(/^M.{8}/m, 'MAAAAAAAA'))
    await writeFile(
      damaged.certificate,
      (await readFile(files.certificate, 'utf8')).replace(/^M.{8}/m, 'MAAAAAAAA'),
    )
    const said = await failing({ ...files, key: damaged.key })
    expect(said).toBe(`${damaged.key}: the private key is damaged`)
    expect(await failing({ ...files, certificate: damaged.certificate })).toContain('is damaged')
  })

  test('are refused when the key is too short for anybody to trust', async () => {
    const weak = await makeCertificate(['rsa:1024'])
    expect(await failing(weak)).toContain('OpenSSL refuses this pair')
  })
})

describe('TLS on the port', () => {
  test('serves, and says that the connection is secure', async () => {
    const { port, heard } = await start(await open(files))
    expect(server!.url).toBe(`https://127.0.0.1:${port}`)
    expect(statusesIn(await exchange(port, ASK, dial(port)))).toEqual([200])
    expect(heard).toEqual([{ remoteAddress: '127.0.0.1', isSecure: true }])
  })

  test('is 1.2 or newer, with forward secrecy and authenticated encryption', async () => {
    const { port } = await start(await open(files))
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = dial(port, { minVersion: version, maxVersion: version })
      await once(socket, 'secureConnect')
      expect(socket.getProtocol()).toBe(version)
      expect(socket.getCipher().name).toMatch(/GCM|POLY1305/i)
      socket.destroy()
    }
    const refused: ConnectionOptions[] = [
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' },
      { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' },
    ]
    for (const options of refused) {
      const socket = dial(port, options)
      await expect(once(socket, 'secureConnect')).rejects.toThrow()
    }
  })

  test('answers nobody who does not speak it', async () => {
    const { port, heard } = await start(await open(files))
    expect(statusesIn(await exchange(port, ASK, connectPlain(port, '127.0.0.1')))).toEqual([])
    expect(heard).toEqual([])
  })

  test('refuses what two readers could understand differently, too', async () => {
    const { port, heard } = await start(await open(files))
    const hidden = { request: 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n', path: '/open' }
    for (const { bytes } of hostileRequests(hidden).filter(({ outcome }) => outcome === 'refused')) {
      const statuses = statusesIn(await exchange(port, bytes, dial(port)))
      expect(statuses.filter((status) => status < 400 || status >= 500)).toEqual([])
    }
    expect(heard).toEqual([])
  })

  test('leaves a plain address on loopback for commands on the same machine', async () => {
    const { heard, local } = await start(await open(files))
    expect(local).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(await (await fetch(`${local}/open`)).text()).toBe('heard')
    expect(heard).toEqual([{ remoteAddress: '127.0.0.1', isSecure: false }])
  })
})

describe('a renewed certificate', () => {
  const replace = async (from: CertificateFiles, to: CertificateFiles): Promise<void> => {
    await copyFile(from.certificate, to.certificate)
    await copyFile(from.key, to.key)
  }

  test('is served without a restart, to new connections', async () => {
    const used = await makeCertificate()
    const { port } = await start(await open(used))
    const before = (await certificateOn(port)).fingerprint256
    await replace(other, used)
    for (;;) if ((await certificateOn(port)).fingerprint256 !== before) break
    expect(statusesIn(await exchange(port, ASK, dial(port)))).toEqual([200])
  })

  test('is not taken while its key is still the old one, and taken once that is there', async () => {
    const used = await makeCertificate()
    const tls = await open(used)
    const before = tls.context.cert
    expect(await tls.refresh()).toBe(false)
    await copyFile(other.certificate, used.certificate)
    await expect(tls.refresh()).rejects.toThrow('is not the key of the first certificate')
    expect(await tls.refresh()).toBe(false)
    expect(tls.context.cert).toBe(before)
    await copyFile(other.key, used.key)
    expect(await tls.refresh()).toBe(true)
    expect(tls.context.cert).not.toBe(before)
    expect(await tls.refresh()).toBe(false)
  })

  test('that cannot be used is told once, and the old one is served on', async () => {
    const used = await makeCertificate()
    const told: string[] = []
    const heard = Promise.withResolvers<void>()
    const { port } = await start(await open(used), {
      onTrouble: (reason) => {
        told.push(reason)
        heard.resolve()
      },
    })
    await writeFile(used.certificate, 'nothing')
    await heard.promise
    expect(statusesIn(await exchange(port, ASK, dial(port)))).toEqual([200])
    expect(told).toEqual([`${used.certificate} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)`])
  })
})
