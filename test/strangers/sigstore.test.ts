/** The JavaScript verifier of Sigstore, which checks Rekor's checkpoints, on ours. Its log half is no public interface: the version is pinned. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { createRequire } from 'node:module'
import {
  decodeEntryTile,
  inclusionProof,
  parseCheckpoint,
  parseNote,
  parseVkey,
  tileNodes,
  tilePath,
  tileWidth,
  toBase64,
} from '@deponent/format'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decisions, envelopeOf } from '../e2e/answers.ts'
import { newPlace, ServerProcess } from '../e2e/server-process.ts'
import { keysOf } from './stranger.ts'

interface LogEntry {
  canonicalizedBody: Buffer
  inclusionProof: { logIndex: string; hashes: Buffer[]; checkpoint: { envelope: string } }
}
interface LogAuthority {
  logID: Buffer
  publicKey: KeyObject
  baseURL: string
}
type LogCheckpoint = object

const require = createRequire(import.meta.url)
const { verifyCheckpoint } = require('@sigstore/verify/dist/tlog/checkpoint.js') as {
  verifyCheckpoint(entry: LogEntry, authorities: LogAuthority[]): LogCheckpoint
}
const { verifyMerkleInclusion } = require('@sigstore/verify/dist/tlog/merkle.js') as {
  verifyMerkleInclusion(entry: LogEntry, checkpoint: LogCheckpoint): void
}

let server: ServerProcess
let authority: LogAuthority
let entries: LogEntry[]

/** Ed25519 public keys in the wrapping that `node:crypto` reads. */
function publicKeyOf(raw: Uint8Array): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(raw).toString('base64url') },
    format: 'jwk',
  })
}

beforeAll(async () => {
  server = await ServerProcess.start(await newPlace())
  await envelopeOf(server.post('/v1/decisions?wait=checkpoint', decisions('loan', 300)), 201)
  const { keyId, publicKey, name } = parseVkey((await keysOf(server)).checkpoint)
  authority = { logID: Buffer.from(keyId), publicKey: publicKeyOf(publicKey), baseURL: name }
  const get = async (path: string): Promise<Uint8Array> =>
    new Uint8Array(await (await server.fetch(`/ledgers/default/${path}`)).arrayBuffer())
  const envelope = Buffer.from(await get('checkpoint')).toString()
  const { size } = parseCheckpoint(parseNote(envelope).text)
  const nodes = tileNodes(size, (level, n, width) => get(tilePath(level, n, width)))
  const bodies: Uint8Array[] = []
  for (let n = 0; n * 256 < size; n += 1)
    bodies.push(...decodeEntryTile(await get(tilePath('entries', n, tileWidth('entries', n, size)))))
  entries = await Promise.all(
    bodies.map(async (body, index) => ({
      canonicalizedBody: Buffer.from(body),
      inclusionProof: {
        logIndex: String(index),
        hashes: (await inclusionProof(index, size, nodes)).map((hash) => Buffer.from(hash)),
        checkpoint: { envelope },
      },
    })),
  )
})
afterAll(() => server?.stop())

const accept = (entry: LogEntry): void => verifyMerkleInclusion(entry, verifyCheckpoint(entry, [authority]))
const withCheckpoint = (entry: LogEntry, change: (envelope: string) => string): LogEntry => ({
  ...entry,
  inclusionProof: {
    ...entry.inclusionProof,
    checkpoint: { envelope: change(entry.inclusionProof.checkpoint.envelope) },
  },
})

describe('the verifier of Sigstore', () => {
  test('accepts the checkpoint and the inclusion of every entry', () => {
    expect(entries.length).toBeGreaterThan(300)
    for (const entry of entries) accept(entry)
  })

  test('refuses each entry when one bit of it is changed', () => {
    for (const entry of entries) {
      const body = Buffer.from(entry.canonicalizedBody)
      body[body.length >> 1]! ^= 1
      expect(() => accept({ ...entry, canonicalizedBody: body })).toThrow(/root hash does not match/)
    }
  })

  test('refuses an entry at another index', () => {
    const [first, second] = entries
    expect(() => accept({ ...first!, inclusionProof: second!.inclusionProof })).toThrow(/root hash/)
  })

  test('refuses a checkpoint that says another size or root', () => {
    const [entry] = entries
    const otherSize = withCheckpoint(entry!, (text) =>
      text.replace(/\n(\d+)\n/, (_, size) => `\n${Number(size) + 1}\n`),
    )
    const otherRoot = withCheckpoint(entry!, (text) =>
      text.replace(/\n([^\n]{43}=)\n/, `\n${toBase64(new Uint8Array(32))}\n`),
    )
    for (const changed of [otherSize, otherRoot])
      expect(() => accept(changed)).toThrow(/invalid checkpoint signature/)
  })
})
