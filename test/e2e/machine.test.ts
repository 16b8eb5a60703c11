import { execFileSync } from 'node:child_process'
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { envelopeOf, type One } from './answers.ts'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

const MEGABYTE = 1_048_576
const DISK_MEGABYTES = 256
const mounted: string[] = []

/** Why no file system can be mounted here, or undefined when one can. */
function unmountable(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'mounting a disk needs root on Linux'
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'mounting a disk is not allowed here'
  }
}

/** A place whose data directory is a small disk of its own. */
async function smallDisk(): Promise<Place> {
  const place = await newPlace()
  await mkdir(place.data, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MEGABYTES}m`, 'tmpfs', place.data])
  mounted.push(place.data)
  return place
}

const remount = (place: Place, mode: 'ro' | 'rw'): Buffer =>
  execFileSync('mount', ['-o', `remount,${mode}`, place.data])

/** Leaves no room on the place's disk; gives back how to make some again. */
async function fill(place: Place): Promise<() => Promise<void>> {
  const path = join(place.data, 'filling')
  const file = await open(path, 'w')
  const block = Buffer.alloc(MEGABYTE, 1)
  try {
    for (;;) await file.write(block)
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  }
  await file.close()
  return () => rm(path)
}

const decision = (decisionId: string, text = ''): object => ({
  decisionId,
  modelId: 'm',
  prediction: 1,
  affectedUserId: `person of ${decisionId}`,
  messages: [text],
})

/** Text that no compression makes smaller. */
async function noise(kilobytes: number): Promise<string> {
  const random = await open('/dev/urandom')
  const { buffer } = await random.read(Buffer.alloc(kilobytes * 768), 0, kilobytes * 768)
  await random.close()
  return buffer.toString('base64')
}

/** The ledger proves what it holds up to its last checkpoint. */
async function proves(server: ServerProcess, decisionId: string): Promise<void> {
  expect((await server.fetch(`/v1/decisions/${decisionId}/proof`)).status).toBe(200)
  expect((await server.fetch('/ledgers/default/checkpoint')).status).toBe(200)
}

/** The ledger tells its state and takes nothing, saying why; content is not shown, since that could not be recorded. */
async function tellsOnly(server: ServerProcess, decisionId: string, code: string | RegExp): Promise<void> {
  expect((await server.fetch('/ledgers/default/status')).status).toBe(200)
  const shown = await server.fetch(`/v1/decisions/${decisionId}`)
  expect([shown.status, await shown.json()]).toMatchObject([503, { code: 'access_unrecordable' }])
  const refused = await server.post('/v1/decisions', decision('refused'))
  const problem = (await refused.json()) as { code: string }
  expect({ status: refused.status, code: problem.code }).toEqual({
    status: 503,
    code: typeof code === 'string' ? code : expect.stringMatching(code),
  })
  let isReady = true
  while (isReady) isReady = (await server.get<{ ready: boolean }>('/readyz')).ready
}

afterEach(() => {
  for (const path of mounted.splice(0)) execFileSync('umount', ['--lazy', path])
})

const reason = unmountable()

describe.skipIf(reason !== undefined)(`a disk${reason === undefined ? '' : ` (${reason})`}`, () => {
  test('that is full ends recording and showing, not proving, also over a restart; with room again all goes on', async () => {
    const place = await smallDisk()
    const server = await ServerProcess.start(place)
    await envelopeOf(server.post('/v1/decisions?wait=checkpoint', decision('first')), 201)
    const makeRoom = await fill(place)
    const text = await noise(150)
    let acknowledged = 0
    for (let answered = true; answered; acknowledged += answered ? 1 : 0) {
      const batch = Array.from({ length: 20 }, (_, i) => decision(`${acknowledged}-${i}`, text))
      answered = (await server.post('/v1/decisions', batch)).status === 201
    }
    await tellsOnly(server, 'first', /write_failed|overloaded/)
    await proves(server, 'first')
    expect(await server.stop()).toBe(0)

    const again = await ServerProcess.start(place)
    await tellsOnly(again, 'first', 'write_failed')
    await proves(again, 'first')
    if (acknowledged > 0) await tellsOnly(again, `${acknowledged - 1}-19`, 'write_failed')
    expect(again.stderr.join('\n')).toMatch(/write_failed/)
    expect(await again.stop()).toBe(0)

    await makeRoom()
    const roomy = await ServerProcess.start(place)
    await envelopeOf(roomy.post('/v1/decisions?wait=checkpoint', decision('later')), 201)
    for (let batch = 0; batch < acknowledged; batch += 1)
      expect((await roomy.fetch(`/v1/decisions/${batch}-19`)).status).toBe(200)
    expect(await roomy.stop()).toBe(0)
    expect((await runCommand(['verify', place.data])).code).toBe(0)
  }, 180_000)

  test('that turned read-only ends recording and showing, not proving, also over a restart', async () => {
    const place = await smallDisk()
    const server = await ServerProcess.start(place)
    await envelopeOf(server.post('/v1/decisions?wait=checkpoint', decision('first')), 201)
    expect(await server.stop()).toBe(0)
    remount(place, 'ro')
    expect((await runCommand(['verify', place.data])).code).toBe(0)
    const reading = await ServerProcess.start(place)
    await tellsOnly(reading, 'first', 'write_failed')
    await proves(reading, 'first')
    await reading.indexed()
    const asked = await reading.post('/v1/sql', { sql: 'SELECT decisionId FROM decisions' })
    expect([asked.status, await asked.json()]).toMatchObject([503, { code: 'access_unrecordable' }])
    expect(await reading.stop()).toBe(0)
    remount(place, 'rw')
    const again = await ServerProcess.start(place)
    await envelopeOf(again.post('/v1/decisions', decision('later')), 201)
    expect(await again.stop()).toBe(0)
  })
})

describe('a byte', () => {
  test('that rotted in an acknowledged frame ends recording and is named; no content is shown', async () => {
    const place = await newPlace()
    const server = await ServerProcess.start(place)
    for (const name of ['first', 'second', 'third'])
      await envelopeOf(server.post('/v1/decisions?wait=checkpoint', decision(name)), 201)
    const { index } = await server.get<One>('/v1/decisions/second')
    await server.stop('SIGKILL')
    const wal = join(place.data, 'ledgers/default/wal')
    const file = join(
      wal,
      (await readdir(wal)).findLast((name) => name.endsWith('.wal'))!,
    )
    const bytes = await readFile(file)
    const frames: { at: number; first: number }[] = []
    for (let at = 0; bytes.subarray(at, at + 8).toString() === 'DPNFRAM0';) {
      frames.push({ at, first: Number(bytes.readBigUInt64BE(at + 48)) })
      at += Math.ceil((160 + Number(bytes.readBigUInt64BE(at + 40))) / 4096) * 4096
    }
    const rotten = frames.findLast(({ first }) => first <= index)!
    bytes[rotten.at + 200]! ^= 1
    await writeFile(file, bytes)

    const { code, stdout } = await runCommand(['verify', place.data])
    expect(code).not.toBe(0)
    expect(stdout).toMatch(/wal_corrupt/)
    const reading = await ServerProcess.start(place)
    await tellsOnly(reading, 'first', 'wal_corrupt')
    expect(reading.stderr.join('\n')).toContain(`acknowledged entries ${rotten.first}..`)
    expect(await reading.stop()).toBe(0)
    expect(await readFile(file)).toEqual(bytes)
  })
})
