import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseCheckpoint, parseNote } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { BIN, newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

/** A signer in a process of its own, and what it said on standard error. */
class SignerProcess {
  readonly stderr: string[] = []
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
    createInterface({ input: child.stderr! }).on('line', (line) => this.stderr.push(line))
  }

  static async start(place: Place): Promise<SignerProcess> {
    const flags = ['signer', '--data', place.data, '--state', stateOf(place), '--socket', socketOf(place)]
    const child = spawn(process.execPath, [BIN, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
    const signer = new SignerProcess(child)
    await Promise.race([
      once(createInterface({ input: child.stdout }), 'line'),
      once(child, 'exit').then(() => Promise.reject(new Error(signer.stderr.join('\n')))),
    ])
    return signer
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }
}

const stateOf = (place: Place): string => join(dirname(place.data), 'signer-process')
const socketOf = (place: Place): string => join(dirname(place.data), 's.sock')

const serve = (place: Place): Promise<ServerProcess> =>
  ServerProcess.start(place, ['serve', '--signer-socket', socketOf(place)])

const decision = (i: number): Record<string, unknown> => ({
  decisionId: `d-${i}`,
  modelId: 'm',
  prediction: i,
})

async function recorded(server: ServerProcess, i: number): Promise<{ promise: string }> {
  const response = await server.post('/v1/decisions', decision(i))
  expect(response.status).toBe(201)
  return (await response.json()) as { promise: string }
}

async function publishedSize(server: ServerProcess): Promise<number> {
  const response = await server.fetch('/ledgers/default/checkpoint')
  return response.ok ? parseCheckpoint(parseNote(await response.text()).text).size : 0
}

async function ledgerState(
  server: ServerProcess,
): Promise<{ state: string; size: number; message?: string }> {
  return (await server.get<{ checks: { ledger: { state: string; size: number } } }>('/readyz')).checks.ledger
}

describe('server and signer as two processes', () => {
  test('the server holds no checkpoint key, and works through the death and the return of the signer', async () => {
    const place = await newPlace()
    let signer = await SignerProcess.start(place)
    const server = await serve(place)
    await recorded(server, 1)
    await expect.poll(() => publishedSize(server), { timeout: 45_000 }).toBe(2)
    expect((await readdir(join(place.data, 'keyring'))).toSorted()).toEqual([
      'default.keys',
      'default.pages',
      'default.promise.key',
      'master.key',
      'root.key',
    ])
    expect((await stat(socketOf(place))).mode & 0o777).toBe(0o600)

    await signer.kill()
    expect((await recorded(server, 2)).promise).toContain('/promise\n2 3\n')
    await expect.poll(() => server.stderr.join()).toContain('the signer does not answer')
    await recorded(server, 3)
    expect(await publishedSize(server)).toBe(2)
    expect((await ledgerState(server)).state).toBe('open')

    signer = await SignerProcess.start(place)
    await expect.poll(() => publishedSize(server), { timeout: 45_000 }).toBe(4)
    await expect.poll(() => server.stderr.join()).toContain('the signer answers again')
    expect(await server.stop()).toBe(0)
    const { code, stdout } = await runCommand(['verify', place.data])
    expect(stdout).toContain('valid: 4 entries')
    expect(code).toBe(0)

    const without = await runCommand([
      'serve',
      '--data',
      place.data,
      '--port',
      '0',
      '--signer-state',
      place.signer,
    ])
    expect(without.code).toBe(2)
    expect(without.stderr).toContain('--signer-socket')
    await signer.kill()
  })

  test('an insider who edits what is stored and not yet signed is refused, by name', async () => {
    const place = await newPlace()
    let signer = await SignerProcess.start(place)
    const server = await serve(place)
    await recorded(server, 1)
    await expect.poll(() => publishedSize(server), { timeout: 45_000 }).toBe(2)
    await signer.kill()
    await recorded(server, 2)

    const directory = join(place.data, 'ledgers/default/wal')
    const name = (await readdir(directory)).find((file) => file.endsWith('.wal'))
    const bytes = await readFile(join(directory, name!))
    const at = bytes.lastIndexOf('"kind":"decision"')
    bytes.write('"kind":"deletion"', at, 'latin1')
    await writeFile(join(directory, name!), bytes)

    signer = await SignerProcess.start(place)
    await expect
      .poll(async () => (await ledgerState(server)).state, { timeout: 45_000 })
      .toBe('signing_refused')
    expect((await ledgerState(server)).message).toBe('storage holds 2 of 3 entries')
    expect(signer.stderr.join()).toContain('signing_refused')
    expect((await server.post('/v1/decisions', decision(3))).status).toBe(503)
    expect((await server.fetch('/v1/decisions/d-1/proof')).status).toBe(200)
    expect(await publishedSize(server)).toBe(2)
    await server.stop()
    await signer.kill()
  })
})
