import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loan } from '../recording/open-tenant.ts'
import { namesOf, openLedgers, record } from '../hosting/open-ledgers.ts'
import { newPlace, type Place, runCommand } from './server-process.ts'

interface Asked {
  method: string
  path: string
  ledger: string | undefined
  body: string
}

/** Stands for a server: notes what it is asked, and answers each address with the same. */
class Desk {
  readonly asked: Asked[] = []
  readonly #server: Server
  answer: { status: number; body: unknown } = { status: 200, body: {} }

  private constructor() {
    this.#server = createServer((request, response) => {
      void textOf(request).then((body) => {
        const { method = '', url = '', headers } = request
        const ledger = headers['deponent-ledger']
        this.asked.push({
          method,
          path: url,
          ledger: ledger === undefined ? undefined : String(ledger),
          body,
        })
        response.writeHead(this.answer.status, { 'Content-Type': 'application/json' })
        response.end(JSON.stringify(this.answer.body))
      })
    })
  }

  static async open(): Promise<Desk> {
    const desk = new Desk()
    desk.#server.listen(0, '127.0.0.1')
    await once(desk.#server, 'listening')
    return desk
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  run(args: readonly string[], input?: string): ReturnType<typeof runCommand> {
    return runCommand([...args, '--url', this.url, '--key', 'k'], input)
  }

  close(): void {
    this.#server.close()
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const CLAIMS = { name: 'claims', origin: 'deponent.invalid/1/claims', size: 3, state: 'open', vkey: 'v+1+AA' }

describe('commands that say which ledger they mean', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await Desk.open()
  })
  afterAll(() => desk.close())

  const envelope = { recorded: 1, duplicates: 0, rejected: 0, receipts: [], promise: null, errors: [] }

  test.each([
    ['record', ['record', 'decision', '-'], '{"modelId":"m","prediction":1}', envelope],
    ['import', ['import', '-', '--format', 'jsonl'], '{"modelId":"m","prediction":1}', envelope],
    ['query', ['query', 'SELECT 1'], undefined, { rows: [] }],
    [
      'prove emitter',
      ['prove', 'emitter', 'e'],
      undefined,
      { claim: { epoch: 1, from: 1, to: 1 }, entries: [], losses: [] },
    ],
  ])('%s sends the name, and none when none was given', async (_, args, input, body) => {
    desk.answer = { status: 200, body }
    desk.asked.length = 0
    await desk.run([...args, '--ledger', 'claims'], input)
    await desk.run(args, input)
    // An import asks twice each time: its records, and itself.
    expect([...new Set(desk.asked.map(({ ledger }) => ledger))]).toEqual(['claims', undefined])
  })

  test('ledgers list shows those the key belongs to', async () => {
    desk.answer = { status: 200, body: { items: [CLAIMS] } }
    const { code, stdout } = await desk.run(['ledgers', 'list'])
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/claims +open +3 +deponent\.invalid\/1\/claims/),
    ])
    expect(desk.asked.at(-1)).toMatchObject({ method: 'GET', path: '/v1/ledgers' })
  })

  test('ledgers create and archive ask for what they say', async () => {
    desk.answer = { status: 201, body: CLAIMS }
    const made = await desk.run(['ledgers', 'create', 'claims', '--json'])
    expect([made.code, JSON.parse(made.stdout)]).toEqual([0, CLAIMS])
    expect(desk.asked.at(-1)).toMatchObject({
      method: 'POST',
      path: '/v1/ledgers',
      body: '{"name":"claims"}',
    })
    desk.answer = { status: 200, body: { ...CLAIMS, state: 'archived' } }
    const ended = await desk.run(['ledgers', 'archive', 'claims', '--reason', 'the product was withdrawn'])
    expect([ended.code, ended.stdout]).toEqual([0, 'claims is archived with 3 entries\n'])
    expect(desk.asked.at(-1)).toMatchObject({
      path: '/v1/ledgers/claims/archive',
      body: '{"reason":"the product was withdrawn"}',
    })
  })

  test('ledgers create says why there is none', async () => {
    desk.answer = { status: 409, body: { code: 'ledger_exists', detail: 'there is a ledger of this name' } }
    const { code, stderr } = await desk.run(['ledgers', 'create', 'claims'])
    expect([code, stderr]).toEqual([2, 'ledger_exists: there is a ledger of this name\n'])
  })

  test.each([
    [['ledgers', 'create', 'Claims'], 'lower-case letters'],
    [['ledgers', 'create'], 'missing required argument'],
    [['ledgers', 'archive', 'claims'], '--reason'],
    [['ledgers', 'archive', 'claims', '--reason', ' '], 'say why'],
    [['query', 'SELECT 1', '--ledger', 'default.1'], 'lower-case letters'],
    [['query', 'SELECT 1', '--signer-socket', 'claims='], 'A socket is a path'],
    [
      ['query', 'SELECT 1', '--signer-socket', 'a', '--signer-socket', 'default=b'],
      'Ledger default has one signer',
    ],
  ])('deponent %j is a mistake that is explained', async (args, words) => {
    const asked = desk.asked.length
    const { code, stderr } = await desk.run(args)
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)])
    expect(desk.asked).toHaveLength(asked)
  })
})

describe('commands on a directory with several ledgers', () => {
  let place: Place
  const run = (...args: string[]): ReturnType<typeof runCommand> => runCommand(args)
  const opening = (): string[] => ['--data', place.data, '--signer-state', place.signer]

  beforeAll(async () => {
    place = await newPlace()
    const { ledgers, close } = await openLedgers(place)
    const claims = await ledgers.create('claims')
    await record(ledgers.default, loan(1), loan(2))
    await record(claims, ...Array.from({ length: 40 }, (_, i) => loan(i)))
    await close()
  })

  test('verify reports each of them', async () => {
    const { code, stdout } = await run('verify', place.data)
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ledger claims: valid, 41 entries/m)])
    expect(stdout).toMatch(/^ledger default: valid, 3 entries/m)
    expect(stdout).toMatch(/^valid: 44 entries/m)
    const json = JSON.parse((await run('verify', place.data, '--json')).stdout) as { ledgers: unknown[] }
    expect(json.ledgers).toMatchObject([{ verdict: 'valid' }, { verdict: 'valid' }])
  })

  test('conformance and drill take one of them', async () => {
    expect((await run('conformance', place.data, '--ledger', 'claims')).code).toBe(0)
    expect((await run('conformance', place.data, '--ledger', 'constructor')).code).toBe(2)
    const drilled = await run('drill', '--data', place.data, '--ledger', 'claims', '--only', 'drop-ledger')
    expect([drilled.code, drilled.stdout]).toEqual([0, expect.stringContaining('a ledger of 41 entries')])
  })

  test('doctor lists all of them', async () => {
    const { stdout } = await run('doctor', '--data', place.data)
    expect(stdout).toMatch(/^ledger claims +ok +deponent\.invalid\/\w+\/claims$/m)
    expect(stdout).toMatch(/^scrub \(ledger claims\) +ok/m)
  })

  test('keys emitter makes a key of one of them', async () => {
    const { code, stdout } = await run('keys', 'emitter', 'e-1', ...opening(), '--ledger', 'claims')
    expect([code, stdout.trim()]).toEqual([0, join(place.data, 'keyring/emitters/claims/e-1.key')])
    const none = await run('keys', 'emitter', 'e-1', ...opening(), '--ledger', 'nobody')
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('has no ledger nobody')])
  })

  test('reindex builds the index of all of them, or of one', async () => {
    const all = await run('reindex', ...opening(), '--json')
    expect(JSON.parse(all.stdout)).toEqual({
      entries: 45,
      ledgers: [
        { ledger: 'default', entries: 3 },
        { ledger: 'claims', entries: 42 },
      ],
    })
    const one = await run('reindex', ...opening(), '--ledger', 'claims')
    expect(one.stdout).toBe('42 entries indexed\n')
  })

  test('keys rotate and succeed change one of them, and leave the other as it is', async () => {
    const keysOf = async (name: string): Promise<unknown> =>
      (
        JSON.parse(await readFile(join(place.data, 'format.json'), 'utf8')) as {
          ledgers: Record<string, unknown>
        }
      ).ledgers[name]
    const before = await keysOf('default')
    expect((await run('keys', 'rotate', ...opening(), '--ledger', 'claims')).code).toBe(0)
    expect((await run('keys', 'succeed', '--reason', 'lost', ...opening(), '--ledger', 'claims')).code).toBe(
      0,
    )
    expect(await keysOf('default')).toEqual(before)
    expect((await readdir(join(place.data, 'ledgers'))).toSorted()).toEqual(['claims', 'claims.1', 'default'])
    expect((await run('verify', place.data)).code).toBe(0)
    const { ledgers, close } = await openLedgers(place)
    expect(namesOf(ledgers)).toEqual(['default', 'claims'])
    await close()
  })
})
