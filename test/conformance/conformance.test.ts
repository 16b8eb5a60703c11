import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  formatCheckpoint,
  formatNote,
  parseCheckpoint,
  parseNote,
  parseTrust,
  type Trust,
} from '@deponent/format'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { examine } from '../../packages/server/src/conformance/examine.ts'
import type {
  PublishedLedger,
  Served,
  ServerRoutes,
} from '../../packages/server/src/conformance/published.ts'
import { decisions, envelopeOf } from '../e2e/answers.ts'
import { newPlace, type Place, runCommand, ServerProcess } from '../e2e/server-process.ts'
import { noteBy, witness } from '../format/signer.ts'
import { keysOf, type LedgerKeys } from '../strangers/stranger.ts'

const WITNESS = witness('witness.example/one', 41, 1_795_000_000)

let place: Place
let server: ServerProcess
let keys: LedgerKeys

beforeAll(async () => {
  place = await newPlace()
  server = await ServerProcess.start(place)
  await envelopeOf(server.post('/v1/decisions?wait=checkpoint', decisions('loan', 300)), 201)
  keys = await keysOf(server)
})
afterAll(() => server.stop())

/** Changes an answer; undefined leaves it. */
type Change = (path: string, served: Served) => Served | undefined

function published(change: Change = () => undefined): PublishedLedger {
  return {
    keys: () => Promise.resolve(keys),
    get: async (path) => {
      const answer = await server.fetch(`/ledgers/default/${path}`)
      const { status, headers } = answer
      const served = { status, headers, bytes: new Uint8Array(await answer.arrayBuffer()) }
      return change(path, served) ?? served
    },
  }
}

async function textOf(answer: Promise<Response>): Promise<{ status: number; text: string }> {
  const response = await answer
  return { status: response.status, text: await response.text() }
}

const routes: ServerRoutes = {
  get: (path) => textOf(server.fetch(path)),
  post: (path, body) => textOf(server.post(path, body)),
}

async function judge(
  more: { ledger?: PublishedLedger; trust?: Trust; routes?: ServerRoutes; mayWrite?: boolean } = {},
): Promise<{ failed: string[]; claims: Record<string, string> }> {
  const mark = `run${(runs += 1)}`
  const { checks, claims } = await examine({ ledger: published(), mayWrite: false, mark, ...more })
  return { failed: checks.filter(({ outcome }) => outcome === 'failed').map(({ id }) => id), claims }
}
let runs = 0

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))

/** A checkpoint with another text, and its old signatures. */
function restated(change: (text: string) => string): Change {
  return (path, served) => {
    if (path !== 'checkpoint') return undefined
    const { text, signatures } = parseNote(Buffer.from(served.bytes).toString())
    return { ...served, bytes: bytesOf(formatNote(change(text), signatures)) }
  }
}

const on =
  (asked: string | RegExp, change: (served: Served) => Served): Change =>
  (path, served) =>
    (typeof asked === 'string' ? asked === path : asked.test(path)) ? change(served) : undefined

function flipped(served: Served, at: number): Served {
  const bytes = Uint8Array.from(served.bytes)
  bytes[at]! ^= 1
  return { ...served, bytes }
}

const without = (served: Served): Served => ({ ...served, status: 404, bytes: new Uint8Array(0) })
const withHeaders = (served: Served, more: Record<string, string>): Served => ({
  ...served,
  headers: new Headers(more),
})

describe('a ledger of ours', () => {
  test('can be read by anybody', async () => {
    const { failed, claims } = await judge({ routes })
    expect(failed).toEqual([])
    expect(claims).toEqual({ reader: 'conforms', witnessed: 'not_shown', writer: 'not_shown' })
  })

  test('records as the format says, when test records may be recorded', async () => {
    const { failed, claims } = await judge({ routes, mayWrite: true })
    expect(failed).toEqual([])
    expect(claims).toMatchObject({ reader: 'conforms', writer: 'conforms' })
  })

  test('is witnessed when a trusted witness cosigned', async () => {
    const sizes = { from: 0 }
    const trust: Trust = {
      ledgers: [
        {
          origin: keys.origin,
          keys: [{ vkey: keys.checkpoint, use: 'checkpoint', sizes }],
          witnesses: [WITNESS.key.vkey],
          quorum: 1,
          timestampRoots: [],
        },
      ],
    }
    const cosigned = on('checkpoint', (served) => {
      const note = parseNote(Buffer.from(served.bytes).toString())
      return {
        ...served,
        bytes: bytesOf(formatNote(note.text, [...note.signatures, WITNESS.sign(note.text)])),
      }
    })
    expect((await judge({ ledger: published(cosigned), trust })).claims).toMatchObject({
      witnessed: 'conforms',
    })
    expect((await judge({ trust })).claims).toMatchObject({ reader: 'conforms', witnessed: 'fails' })
  })
})

describe('a check fails', () => {
  const beyond = (text: string): string => {
    const { origin, size, root } = parseCheckpoint(text)
    return formatCheckpoint({ origin, size: size + 1_000, root })
  }

  test.each<[id: string, change: Change]>([
    ['note', on('checkpoint', (served) => ({ ...served, bytes: bytesOf('no note\n') }))],
    [
      'checkpoint',
      on('checkpoint', (served) => ({ ...served, bytes: bytesOf(noteBy('origin\nx\n\n', WITNESS)) })),
    ],
    ['signature', restated((text) => `${text}an extension\n`)],
    ['key-name', restated((text) => `other${text}`)],
    ['entry-tiles', restated(beyond)],
    [
      'entry-tiles',
      on('tile/entries/000', (served) => ({ ...served, bytes: served.bytes.subarray(0, 900) })),
    ],
    ['entries', on('tile/entries/000', (served) => flipped(served, 2))],
    ['order', on('tile/entries/000', swapped)],
    ['tile-widths', on('tile/0/000', (served) => ({ ...served, bytes: served.bytes.subarray(32) }))],
    ['tile-widths', on('tile/1/000.p/1', without)],
    ['tile-hashes', on('tile/0/000', (served) => flipped(served, 77))],
    ['tile-hashes', on('tile/1/000.p/1', (served) => flipped(served, 1))],
    ['root', on('tile/entries/000', (served) => flipped(served, 60))],
    ['inclusion', on('tile/0/000', (served) => flipped(served, 64))],
    ['extends', forkedLater()],
    ['partial-tiles', on('tile/0/000.p/128', (served) => flipped(served, 3))],
    ['partial-tiles', on('tile/entries/000.p/1', (served) => ({ ...served, status: 500 }))],
    ['beyond', (_, served) => (served.status === 404 ? { ...served, status: 200 } : undefined)],
    ['hostile-paths', on(/%2F|%2f/, (served) => ({ ...served, status: 200 }))],
    [
      'checkpoint-headers',
      on('checkpoint', (served) => withHeaders(served, { 'content-type': 'text/html' })),
    ],
    [
      'checkpoint-headers',
      on('checkpoint', (served) =>
        withHeaders(served, {
          'content-type': 'text/plain; charset=utf-8',
          'cache-control': 'max-age=86400',
        }),
      ),
    ],
    ['tile-headers', on('tile/0/000', (served) => withHeaders(served, { 'content-type': 'text/plain' }))],
  ])('%s', async (id, change) => {
    const { failed, claims } = await judge({ ledger: published(change), routes })
    expect(failed).toContain(id)
    expect(claims['reader']).toBe('fails')
  })

  /** The first two entries of a tile, one in the place of the other. */
  function swapped(served: Served): Served {
    const bytes = Buffer.from(served.bytes)
    const first = 2 + bytes.readUInt16BE(0)
    const second = 2 + bytes.readUInt16BE(first)
    const parts = [
      bytes.subarray(first, first + second),
      bytes.subarray(0, first),
      bytes.subarray(first + second),
    ]
    return { ...served, bytes: new Uint8Array(Buffer.concat(parts)) }
  }

  /** The second time, a checkpoint with fewer entries. */
  function forkedLater(): Change {
    let asked = 0
    return on('checkpoint', (served) => {
      if ((asked += 1) === 1) return served
      const { origin, root } = parseCheckpoint(parseNote(Buffer.from(served.bytes).toString()).text)
      return { ...served, bytes: bytesOf(noteBy(formatCheckpoint({ origin, size: 3, root }), WITNESS)) }
    })
  }

  test('proofs', async () => {
    const forging: ServerRoutes = {
      ...routes,
      get: async (path) => {
        const { status, text } = await routes.get(path)
        return { status, text: text.replace(/\nindex (\d+)/, (_, index) => `\nindex ${Number(index) + 1}`) }
      },
    }
    expect((await judge({ routes: forging })).failed).toEqual(['proofs'])
  })

  const answering = (
    change: (path: string, sent: string, text: string) => string | number,
  ): ServerRoutes => ({
    ...routes,
    post: async (path, sent) => {
      const { status, text } = await routes.post(path, sent)
      const changed = change(path, sent, text)
      return typeof changed === 'number' ? { status: changed, text } : { status, text: changed }
    },
  })

  test.each<[id: string, routes: ServerRoutes]>([
    ['receipts', answering((_, __, text) => text.replace('"path":["', '"path":["AAAA'))],
    ['receipts', answering((_, __, text) => text.replace(/\\n\d{13}\\n/, '\\n1700000000000\\n'))],
    [
      'promise-kept',
      answering((_, __, text) => text.replace(/"leafHash":"([0-9a-f]{64})/, `"leafHash":"${'0'.repeat(64)}`)),
    ],
    ['duplicate', answering((_, __, text) => text.replace('"status":"duplicate"', '"status":"recorded"'))],
    ['conflict', answering((_, __, text) => (text.includes('id_conflict') ? 201 : text))],
    ['one-by-one', answering((_, sent, text) => (sent.includes('beside-a-bad-one') ? 400 : text))],
    ['ambiguous', answering((_, sent, text) => (sent.includes('NaN') ? 201 : text))],
    ['ambiguous', answering((_, sent, text) => (sent.includes('NaN') ? text + sent : text))],
  ])('%s, of recording', async (id, routes) => {
    const { failed, claims } = await judge({ routes, mayWrite: true })
    expect(failed).toContain(id)
    expect(claims).toMatchObject({ reader: 'conforms', writer: 'fails' })
  })
})

/** The index is left out: what serves it rewrites its files while it runs, and it is made anew from the rest. */
function copyBesideServer(from: string, to: string): Promise<void> {
  const index = join(from, 'index')
  return cp(from, to, { recursive: true, filter: (source) => source !== index })
}

describe('the command', () => {
  test('answers for a running server and records nothing unasked', async () => {
    const size = async () =>
      (await server.get<{ checks: { ledger: { size: number } } }>('/readyz')).checks.ledger.size
    const before = await size()
    const { code, stdout, stderr } = await runCommand([
      'conformance',
      server.url,
      '--key',
      server.key,
      '--json',
    ])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({
      format: 0,
      claims: { reader: 'conforms', writer: 'not_shown' },
    })
    expect(await size()).toBe(before)
  })

  test('says of a key that is missing what is missing', async () => {
    const { code, stderr } = await runCommand(['conformance', server.url])
    expect(code).toBe(2)
    expect(stderr).toContain('needs a key')
  })

  test('answers for a data directory, and for a copy of what is served', async () => {
    const { data } = await newPlace()
    await copyBesideServer(place.data, data)
    expect((await runCommand(['conformance', data, '--json'])).code).toBe(0)

    const { data: copy } = await newPlace()
    const { size } = parseCheckpoint(
      parseNote(await (await server.fetch('/ledgers/default/checkpoint')).text()).text,
    )
    const rest = size % 256
    for (const path of [
      'checkpoint',
      'tile/0/000',
      'tile/1/000.p/1',
      `tile/0/001.p/${rest}`,
      'tile/entries/000',
      `tile/entries/001.p/${rest}`,
    ]) {
      await mkdir(join(copy, path, '..'), { recursive: true })
      await writeFile(join(copy, path), await (await server.fetch(`/ledgers/default/${path}`)).bytes())
    }
    // Nothing in a copy names a key: what nobody could look at is not claimed.
    expect((await runCommand(['conformance', copy, '--json'])).code).toBe(3)
    const trust = join(copy, 'trust.json')
    const ledger = { origin: keys.origin, keys: [{ vkey: keys.checkpoint, use: 'checkpoint', sizes: '0..' }] }
    await writeFile(trust, JSON.stringify({ ledgers: [ledger] }))
    expect(parseTrust({ ledgers: [ledger] }).ledgers).toHaveLength(1)
    expect((await runCommand(['conformance', copy, '--trust', trust])).code).toBe(0)
  })

  test('answers 1 for a ledger that does not keep to the format', async () => {
    const { data } = await newPlace()
    await copyBesideServer(place.data, data)
    await writeFile(join(data, 'ledgers/default/tile/0/000'), new Uint8Array(8_192))
    const { code, stdout } = await runCommand(['conformance', data])
    expect(code).toBe(1)
    expect(stdout).toMatch(/FAILED +tile-hashes/)
  })
})
