import { mkdtemp, writeFile } from 'node:fs/promises'
import { connect } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encryptKey, makeCertificate } from '../platform/certificates.ts'
import { exchange, statusesIn } from '../fixtures/hostile-requests.ts'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

let server: ServerProcess | undefined
afterEach(async () => {
  await server?.stop()
  server = undefined
})

async function serveWith(...flags: string[]): Promise<{ place: Place; stderr: string; code: number }> {
  const place = await newPlace()
  const where = ['--data', place.data, '--port', '0', '--signer-state', place.signer]
  return { place, ...(await runCommand(['serve', ...where, ...flags])) }
}

describe('a host that other machines can reach', () => {
  test('is refused without TLS here or in front, and the refusal names both', async () => {
    const { code, stderr } = await serveWith('--host', '0.0.0.0')
    expect(code).toBe(2)
    for (const option of ['--tls-cert', '--tls-key', '--behind-proxy']) expect(stderr).toContain(option)
  })

  test('is served behind a proxy, and commands on the machine find the server', async () => {
    const place = await newPlace()
    server = await ServerProcess.start(place, ['serve', '--host', '0.0.0.0', '--behind-proxy'])
    expect(server.url).toMatch(/^http:\/\/localhost:\d+$/)
    const { code, stdout } = await runCommand(['doctor', '--data', place.data, '--json'])
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"what":"server","state":"ok","detail":"http://127.0.0.1:') as string,
    })
  })
})

describe('a certificate', () => {
  test('needs its key, and both must be usable', async () => {
    const { certificate, key } = await makeCertificate()
    const directory = await mkdtemp(join(tmpdir(), 'deponent-'))
    const empty = join(directory, 'empty.pem')
    await writeFile(empty, '')
    const refused: [flags: string[], words: string][] = [
      [['--tls-cert', certificate], '--tls-cert and --tls-key need each other'],
      [['--tls-cert', certificate, '--tls-key', empty], 'no private key in PEM'],
      [['--tls-cert', empty, '--tls-key', key], 'no certificate in PEM'],
      [['--tls-cert', certificate, '--tls-key', await encryptKey(key)], 'is encrypted'],
    ]
    for (const [flags, words] of refused) {
      const { code, stderr } = await serveWith(...flags)
      expect({ flags, code, stderr }).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(words) as string,
      })
    }
  })

  test('is served, asks browsers for TLS from now on, and keeps no command on the machine out', async () => {
    const { certificate, key } = await makeCertificate()
    const place = await newPlace()
    server = await ServerProcess.start(place, ['serve', '--tls-cert', certificate, '--tls-key', key])
    const { port, protocol } = new URL(server.url)
    expect(protocol).toBe('https:')
    const socket = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false })
    const answer = await exchange(
      Number(port),
      'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      socket,
    )
    expect(statusesIn(answer)).toEqual([200])
    expect(answer).toMatch(/strict-transport-security: max-age=31536000/i)
    const { code, stdout } = await runCommand(['query', 'SELECT 1 AS one', '--data', place.data, '--json'])
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('one') as string })
  })
})
