import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LedgerServer } from './ledger-server.ts'

const run = promisify(execFile)
const client = fileURLToPath(new URL('../../packages/sdk/src/client.ts', import.meta.url))
let server: LedgerServer
let url: string

beforeEach(async () => {
  server = new LedgerServer()
  url = await server.start()
})
afterEach(() => server.stop())

/** Runs a program of its own that uses the SDK and then has nothing left to do. */
async function program(body: string): Promise<string> {
  const source = `import { Deponent } from ${JSON.stringify(client)}
    const deponent = new Deponent({ url: ${JSON.stringify(url)}, key: 'k' })
    ${body}`
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module-typescript', '--eval', source])
  return stdout + stderr
}

it('a process that ends by itself sends its last decisions first', async () => {
  await program(
    `deponent.record({ modelId: 'm', prediction: 1 }); deponent.record({ modelId: 'm', prediction: 2 })`,
  )
  expect(server.records.map(({ prediction }) => prediction)).toEqual([1, 2])
})

it('a process is not kept alive by a client that is never closed', async () => {
  expect(
    await program(`deponent.audit(() => 1, { modelId: 'm' })(); await deponent.flush(); console.log('end')`),
  ).toBe('end\n')
})

it('a process that ends by itself declares what it lost, though it sent nothing', async () => {
  const losing = (to: string): string =>
    `new Deponent({ url: ${JSON.stringify(to)}, key: 'k', redact: () => undefined }).record({ modelId: 'm' })`
  await program(losing(url))
  expect(server.statements).toMatchObject([
    { kind: 'emitter.loss', reason: 'redacted' },
    { kind: 'emitter.closed' },
  ])
  expect(await program(losing('http://127.0.0.1:1'))).toContain('the ledger was not told')
})

it('a process ends without its server too, and says what was lost', async () => {
  server.reply = () => ({ status: 503 })
  expect(await program(`deponent.record({ modelId: 'm', prediction: 1 })`)).toContain(
    '1 decision(s) lost (closed)',
  )
})
