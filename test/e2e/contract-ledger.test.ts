import {
  CompactRange,
  consistencyProof,
  decodeEntry,
  decodeEntryTile,
  decodeHashTile,
  equalBytes,
  fromUtf8,
  hashLeaf,
  leafHashes,
  parseCheckpoint,
  parseNote,
  parseTlogProof,
  parseTrust,
  parseVkey,
  rootOf,
  tileNodes,
  tilePath,
  tileWidth,
  toHex,
  type Trust,
  verifyConsistency,
  verifyNote,
  verifyTlogProof,
} from '@deponent/format'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decisions, envelopeOf, problemOf, type Receipt } from './answers.ts'
import { newPlace, ServerProcess } from './server-process.ts'

let server: ServerProcess
let receipts: Receipt[]
let trust: Trust

const ledger = (path: string, init?: RequestInit): Promise<Response> =>
  server.fetch(`/ledgers/default/${path}`, init)
const bytesOf = async (answer: Promise<Response>): Promise<Uint8Array> =>
  new Uint8Array(await (await answer).arrayBuffer())
const checkpointNow = async (): Promise<{ note: string; origin: string; size: number; root: Uint8Array }> => {
  const note = await (await ledger('checkpoint')).text()
  return { note, ...parseCheckpoint(parseNote(note).text) }
}

/** Every entry below `size`, read from tiles as any stranger would. */
async function entriesBelow(size: number): Promise<Uint8Array[]> {
  const entries: Uint8Array[] = []
  for (let n = 0; n * 256 < size; n += 1) {
    const tile = await bytesOf(ledger(tilePath('entries', n, tileWidth('entries', n, size))))
    entries.push(...decodeEntryTile(tile))
  }
  return entries
}

beforeAll(async () => {
  server = await ServerProcess.start(await newPlace())
  const records = decisions('loan', 600).map((record, i) => ({ ...record, affectedUserId: `person-${i}` }))
  receipts = (await envelopeOf(server.post('/v1/decisions?wait=checkpoint', records), 201)).receipts
  const keys = (await (await ledger('vkey', { headers: { Accept: 'application/json' } })).json()) as {
    origin: string
    checkpoint: string
    promise: string
  }
  trust = parseTrust({
    ledgers: [
      {
        origin: keys.origin,
        keys: [
          { vkey: keys.checkpoint, use: 'checkpoint', sizes: '0..' },
          { vkey: keys.promise, use: 'promise', sizes: '0..' },
        ],
        witnesses: [],
        quorum: 0,
        timestampRoots: [],
      },
    ],
  })
})
afterAll(() => server.stop())

describe('the checkpoint', () => {
  test('is signed by the key of /vkey, whose name is the origin', async () => {
    const vkey = parseVkey((await (await ledger('vkey')).text()).trim())
    const { note, origin } = await checkpointNow()
    expect(origin).toMatch(/^deponent\.invalid\/[0-9a-f]{8}\/default$/)
    expect(vkey.name).toBe(origin)
    expect(verifyNote(parseNote(note), [vkey]).map(({ name }) => name)).toEqual([origin])
  })

  test('is text that no cache keeps', async () => {
    const response = await ledger('checkpoint')
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-cache')
  })

  test('has the root of the entries in the tiles', async () => {
    const { size, root } = await checkpointNow()
    const entries = await entriesBelow(size)
    expect(entries).toHaveLength(size)
    const range = CompactRange.empty()
    for (const hash of leafHashes(entries)) range.append(hash)
    expect(toHex(range.root())).toBe(toHex(root))
  })

  test('extends the one before', async () => {
    const before = await checkpointNow()
    await envelopeOf(server.post('/v1/decisions?wait=checkpoint', decisions('more', 300)), 201)
    const after = await checkpointNow()
    expect(after.size).toBeGreaterThan(before.size)
    const nodes = tileNodes(after.size, (level, n, width) => bytesOf(ledger(tilePath(level, n, width))))
    const proof = await consistencyProof(before.size, after.size, nodes)
    expect(verifyConsistency(before.size, after.size, before.root, after.root, proof)).toBe(true)
  })
})

describe('the entries', () => {
  test('are those of the receipts, at their indices, received in order', async () => {
    const { size } = await checkpointNow()
    const entries = await entriesBelow(size)
    for (const { index, id, leafHash } of receipts) {
      expect(toHex(hashLeaf(entries[index]!))).toBe(leafHash)
      expect(decodeEntry(entries[index]!).id).toBe(id)
    }
    const received = entries.map((entry) => decodeEntry(entry).receivedAt)
    expect(received).toEqual([...received].sort((a, b) => a - b))
  })

  test('hold nothing a client chose', async () => {
    const text = (await entriesBelow((await checkpointNow()).size)).map((entry) => fromUtf8(entry)).join('\n')
    expect(text).not.toMatch(/loan|credit|approved|person|default/)
    expect(text).toMatch(/"kind":"system.declared"/)
  })
})

describe('tiles', () => {
  test('a full tile of hashes, a partial one and the level above agree', async () => {
    const { size } = await checkpointNow()
    const hashes = leafHashes(await entriesBelow(size))
    for (let n = 0; n * 256 < size; n += 1) {
      const width = tileWidth(0, n, size)
      const tile = decodeHashTile(await bytesOf(ledger(tilePath(0, n, width))))
      expect(tile.map(toHex)).toEqual(hashes.slice(n * 256, n * 256 + width).map(toHex))
    }
    const above = decodeHashTile(await bytesOf(ledger(tilePath(1, 0, tileWidth(1, 0, size)))))
    expect(above.map(toHex)).toEqual(
      [...above.keys()].map((n) => toHex(rootOf(hashes.slice(n * 256, n * 256 + 256)))),
    )
  })

  test('a partial tile is the beginning of the full one', async () => {
    const full = await bytesOf(ledger('tile/0/000'))
    expect(full).toHaveLength(256 * 32)
    for (const width of [1, 17, 255]) {
      expect(equalBytes(await bytesOf(ledger(`tile/0/000.p/${width}`)), full.subarray(0, width * 32))).toBe(
        true,
      )
      expect(decodeEntryTile(await bytesOf(ledger(`tile/entries/000.p/${width}`)))).toHaveLength(width)
    }
  })

  test.each(['tile/0/000', 'tile/0/000.p/9', 'tile/1/000.p/1', 'tile/entries/000', 'tile/entries/001.p/3'])(
    '%s is bytes that never change',
    async (path) => {
      const response = await ledger(path)
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toBe('application/octet-stream')
      expect(response.headers.get('cache-control')).toMatch(/^private, max-age=\d{7,}, immutable$/)
    },
  )

  test('what the checkpoint does not reach is not there', async () => {
    const { size } = await checkpointNow()
    const last = Math.floor(size / 256)
    const width = size % 256
    for (const path of [
      tilePath(0, last, width + 1),
      tilePath('entries', last, width + 1),
      tilePath(0, last + 1),
      tilePath(0, 1_234_067),
      tilePath(1, 0),
      tilePath(1, 1, 1),
      tilePath(5, 0, 1),
      tilePath(63, 0, 1),
    ]) {
      await problemOf(ledger(path), 404, 'not_found')
    }
  })

  test.each([
    'tile/0/0',
    'tile/0/1000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/64/000',
    'tile/00/000',
    'tile/data/000',
    'tile/0/x001',
    'tile/0/000/',
    'tile/0/000.p/1/1',
  ])('%s is no tile', async (path) => {
    await problemOf(ledger(path), 400, 'bad_tile_path')
  })

  test('another ledger is not found', async () => {
    for (const path of ['checkpoint', 'vkey', 'tile/0/000'])
      await problemOf(server.fetch(`/ledgers/other/${path}`), 404, 'not_found')
  })
})

describe('a proof', () => {
  const proofOf = async (id: string): Promise<string> => {
    const response = await server.fetch(`/v1/decisions/${id}/proof`)
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    return response.text()
  }

  test('verifies with nothing but the entry, the trust file and the format', async () => {
    const entries = await entriesBelow((await checkpointNow()).size)
    for (const { id, index } of [receipts[0]!, receipts[255]!, receipts[256]!, receipts[599]!]) {
      const text = await proofOf(id)
      expect(parseTlogProof(text).index).toBe(index)
      expect(verifyTlogProof(text, { entry: entries[index]! }, trust)).toMatchObject({
        verdict: 'valid',
        checked: { entries: 1, checkpoints: 1 },
      })
      expect(verifyTlogProof(text, { entry: entries[index - 1]! }, trust).verdict).toBe('invalid')
    }
  })

  test('is the same by decisionId', async () => {
    expect(await proofOf('loan-7')).toBe(await proofOf(receipts[7]!.id))
  })

  test('is not yet published before a checkpoint covers the entry, says when to ask again, and comes', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 20 && !statuses.includes(409); i += 1) {
      const [receipt] = (await envelopeOf(server.post('/v1/decisions', { modelId: 'm', prediction: i }), 201))
        .receipts
      const response = await server.fetch(`/v1/decisions/${receipt!.id}/proof`)
      statuses.push(response.status)
      if (response.status !== 409) continue
      expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
      expect(await response.json()).toMatchObject({ code: 'not_yet_published', status: 409 })
      while ((await server.fetch(`/v1/decisions/${receipt!.id}/proof`)).status === 409)
        await new Promise((resolve) => setTimeout(resolve, 50))
      expect(
        verifyTlogProof(
          await proofOf(receipt!.id),
          { leafHash: Buffer.from(receipt!.leafHash, 'hex') },
          trust,
        ).verdict,
      ).toBe('valid')
    }
    expect(statuses).toContain(409)
  })

  test('exists for entries of every kind', async () => {
    const [receipt] = (
      await envelopeOf(server.post('/v1/decisions/loan-1/outcomes?wait=checkpoint', { outcome: 1 }), 201)
    ).receipts
    expect(
      verifyTlogProof(await proofOf(receipt!.id), { leafHash: Buffer.from(receipt!.leafHash, 'hex') }, trust)
        .verdict,
    ).toBe('valid')
  })
})
