import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { FakeKms } from '../vault/kms-fake.ts'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

const VARIABLES = ['DEPONENT_ROOT_KEY', 'DEPONENT_ROOT_KEY_FILE', 'DEPONENT_ROOT_KEY_NEXT']
const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
const flags = (place: Place): string[] => ['--data', place.data, '--signer-state', place.signer]

/** Records one decision in a life of its own. */
async function recorded(place: Place, decisionId: string, more: string[] = []): Promise<void> {
  const server = await ServerProcess.start(place, ['serve', ...more])
  const decision = { decisionId, modelId: 'm', prediction: 1, affectedUserId: 'ada' }
  expect((await server.post('/v1/decisions?wait=checkpoint', decision)).status).toBe(201)
  expect(await server.stop()).toBe(0)
}

async function payloadsOpened(place: Place, more: string[] = []): Promise<number> {
  const { code, stdout } = await runCommand(['verify', place.data, '--json', ...more])
  expect(code).toBe(0)
  return (JSON.parse(stdout) as { checked: { payloads: number } }).checked.payloads
}

async function seenByDoctor(place: Place, what: string, more: string[] = []): Promise<string> {
  const { stdout } = await runCommand(['doctor', '--data', place.data, '--json', ...more])
  const { observations } = JSON.parse(stdout) as { observations: Record<string, string>[] }
  const seen = observations.find((each) => each.what === what)
  return `${seen?.state}: ${seen?.detail}`
}

afterEach(() => {
  for (const name of VARIABLES) delete process.env[name]
})

describe('a root key by command', () => {
  test('is moved out of the directory, found by option and environment, and missed in words', async () => {
    const place = await newPlace()
    await recorded(place, 'd-1')
    const opened = await payloadsOpened(place)
    expect(await seenByDoctor(place, 'root key')).toMatch(/^attention: root-key .* beside the data it opens/)
    expect(await seenByDoctor(place, 'encryption at rest')).toMatch(
      /at_rest: (host_responsibility|disk_encrypted)/,
    )

    const file = join(dirname(place.data), 'root.key')
    const moved = await runCommand(['keys', 'rotate-root', ...flags(place), '--to', file])
    expect([moved.code, moved.stdout]).toEqual([0, expect.stringContaining('instead of root-key')])
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readdir(join(place.data, 'keyring'))).not.toContain('root.key')

    const without = await runCommand(['serve', '--port', '0', ...flags(place)])
    expect([without.code, without.stderr]).toEqual([
      2,
      expect.stringMatching(/root key is missing.*--root-key FILE/),
    ])
    expect(await payloadsOpened(place)).toBeLessThan(opened)
    expect(await seenByDoctor(place, 'root key')).toMatch(/^problem: the root key is missing/)
    expect(await seenByDoctor(place, 'root key', ['--root-key', file])).toMatch(/^ok: .* apart from the data/)

    await recorded(place, 'd-2', ['--root-key', file])
    expect(await payloadsOpened(place, ['--root-key', file])).toBeGreaterThan(opened)
    process.env.DEPONENT_ROOT_KEY_FILE = file
    const all = await payloadsOpened(place)
    expect(all).toBeGreaterThan(opened)
    delete process.env.DEPONENT_ROOT_KEY_FILE
    const hex = (await readFile(file, 'utf8')).split('\n')[1]!
    process.env.DEPONENT_ROOT_KEY = hex
    expect(await payloadsOpened(place)).toBe(all)

    process.env.DEPONENT_ROOT_KEY_NEXT = randomBytes(32).toString('hex')
    const next = await runCommand([
      'keys',
      'rotate-root',
      ...flags(place),
      '--to',
      'env:DEPONENT_ROOT_KEY_NEXT',
    ])
    expect([next.code, next.stdout]).toEqual([0, expect.stringContaining('DEPONENT_ROOT_KEY_NEXT')])
    process.env.DEPONENT_ROOT_KEY = process.env.DEPONENT_ROOT_KEY_NEXT
    expect(await payloadsOpened(place)).toBe(all + 1)
    for (const { stdout, stderr } of [moved, without, next])
      for (const secret of [hex, process.env.DEPONENT_ROOT_KEY]) expect(stdout + stderr).not.toContain(secret)
  })

  test('is not taken as an argument, which others can read, nor from two variables at once', async () => {
    const place = await newPlace()
    const hex = randomBytes(32).toString('hex')
    const argued = await runCommand(['serve', '--port', '0', ...flags(place), '--root-key', hex])
    expect([argued.code, argued.stderr]).toEqual([2, expect.stringContaining('not given as an argument')])
    expect(argued.stderr).not.toContain(hex)
    process.env.DEPONENT_ROOT_KEY = hex
    process.env.DEPONENT_ROOT_KEY_FILE = '/nowhere'
    const both = await runCommand(['serve', '--port', '0', ...flags(place)])
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('both set')])
    delete process.env.DEPONENT_ROOT_KEY_FILE
    process.env.DEPONENT_ROOT_KEY = `${hex}00`
    const long = await runCommand(['serve', '--port', '0', ...flags(place)])
    expect([long.code, long.stderr]).toEqual([2, expect.stringContaining('expected 64 hex digits')])
    expect(long.stderr).not.toContain(hex)
    expect(await exists(place.data)).toBe(false)
  })

  test('that is gone with its wrapped key is a damaged keyring, and nothing is minted in its place', async () => {
    const place = await newPlace()
    await recorded(place, 'd-1')
    await rm(join(place.data, 'keyring/master.key'))
    const refused = await runCommand(['serve', '--port', '0', ...flags(place)])
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('master.key is missing')])
    expect(await readdir(join(place.data, 'keyring'))).not.toContain('master.key')
  })
})

describe('a root key in a key management service', () => {
  let fake: FakeKms
  let arn: string

  beforeAll(async () => {
    fake = await FakeKms.start()
    for (const [name, value] of Object.entries(fake.environment)) process.env[name] = value
    arn = fake.addKey('deponent')
  })
  afterAll(() => fake.stop())

  test('opens a directory from its first start on, and no key lies in it', async () => {
    const place = await newPlace()
    await recorded(place, 'd-1', ['--root-key', 'kms:alias/deponent'])
    expect(await readdir(join(place.data, 'keyring'))).not.toContain('root.key')
    expect(await readFile(join(place.data, 'keyring/master.key'), 'utf8')).toContain(`aws-kms ${arn}`)
    expect(await payloadsOpened(place, ['--root-key', `kms:${arn}`])).toBeGreaterThan(
      await payloadsOpened(place),
    )
    expect(await seenByDoctor(place, 'root key', ['--root-key', `kms:${arn}`])).toMatch(/^ok: aws-kms /)

    fake.setEnabled(arn, false)
    const disabled = await runCommand(['serve', '--port', '0', ...flags(place), '--root-key', `kms:${arn}`])
    expect([disabled.code, disabled.stderr]).toEqual([2, expect.stringContaining('the key is disabled')])
    fake.setEnabled(arn, true)

    const other = fake.addKey()
    const wrong = await runCommand(['serve', '--port', '0', ...flags(place), '--root-key', `kms:${other}`])
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('under another key')])

    process.env.DEPONENT_ROOT_KEY = 'kms:alias/deponent'
    expect((await runCommand(['keys', 'rotate-root', ...flags(place), '--to', `kms:${other}`])).code).toBe(0)
    process.env.DEPONENT_ROOT_KEY = `kms:${other}`
    await recorded(place, 'd-2')
  })

  test('that does not answer keeps the server from starting, and nothing is written', async () => {
    const place = await newPlace()
    const away = ['--root-key', 'kms:alias/deponent', '--kms-endpoint', 'http://127.0.0.1:9']
    const first = await runCommand(['serve', '--port', '0', ...flags(place), ...away])
    expect([first.code, first.stderr]).toEqual([
      2,
      expect.stringContaining('http://127.0.0.1:9) does not answer'),
    ])
    expect(await exists(place.data)).toBe(false)
    fake.denied.add('Encrypt')
    const denied = await runCommand([
      'serve',
      '--port',
      '0',
      ...flags(place),
      '--root-key',
      'kms:alias/deponent',
    ])
    fake.denied.clear()
    expect([denied.code, denied.stderr]).toEqual([2, expect.stringContaining('denies it')])
    expect(await exists(place.data)).toBe(false)
  })

  test('takes over from a file, and gives nothing to a copy under another directory name of its own', async () => {
    const place = await newPlace()
    await recorded(place, 'd-1')
    const moved = await runCommand(['keys', 'rotate-root', ...flags(place), '--to', `kms:${arn}`, '--json'])
    expect(JSON.parse(moved.stdout)).toMatchObject({ next: `aws-kms ${arn}`, unrecorded: [] })
    await recorded(place, 'd-2', ['--root-key', `kms:${arn}`])
    // The wrapped key of one directory is of no use in another: the service is told which it is for.
    const master = join(place.data, 'keyring/master.key')
    const lines = (await readFile(master, 'utf8')).split('\n')
    const changed = [lines[0], `directory ${'0'.repeat(32)}`, lines[2], lines[3]].join('\n')
    const sum = createHash('sha256').update(`${changed}\n`).digest('hex')
    await rename(master, `${master}.kept`)
    await writeFile(master, `${changed}\n${sum}\n`)
    const refused = await runCommand(['serve', '--port', '0', ...flags(place), '--root-key', `kms:${arn}`])
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('not for this data directory'),
    ])
  })
})
