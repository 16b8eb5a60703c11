/** Programmes that `.ci/foreign-tools` could get hold of, on a ledger of ours. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  decodeEntryTile,
  formatNote,
  parseCheckpoint,
  parseNote,
  tilePath,
  tileWidth,
} from '@deponent/format'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decisions, envelopeOf } from '../e2e/answers.ts'
import { newPlace, ServerProcess } from '../e2e/server-process.ts'
import { witness } from '../format/signer.ts'
import {
  flip,
  keysOf,
  type LedgerKeys,
  ManInTheMiddle,
  newDirectory,
  optionalStrangerSuite,
  run,
} from './stranger.ts'

const BIN = fileURLToPath(new URL('../../.cache/foreign/bin/', import.meta.url))

function missing(name: string): string | undefined {
  return existsSync(join(BIN, name))
    ? undefined
    : `${name} is not there: .ci/foreign-tools gets it where it can be had`
}

const RECORDS = 700

async function ledgerWithRecords(): Promise<{ server: ServerProcess; keys: LedgerKeys; ids: string[] }> {
  const server = await ServerProcess.start(await newPlace())
  const { receipts } = await envelopeOf(
    server.post('/v1/decisions?wait=checkpoint', decisions('loan', RECORDS)),
    201,
  )
  return { server, keys: await keysOf(server), ids: receipts.map(({ id }) => id) }
}

optionalStrangerSuite("Tessera's fsck", missing('fsck'), () => {
  const directory = newDirectory()
  let server: ServerProcess
  let keys: LedgerKeys

  beforeAll(async () => {
    ;({ server, keys } = await ledgerWithRecords())
    await writeFile(join(directory, 'key'), keys.checkpoint)
  })
  afterAll(() => server.stop())

  const fsck = (url: string) =>
    run(join(BIN, 'fsck'), [
      `--storage_url=${url}/ledgers/default/`,
      `--public_key=${join(directory, 'key')}`,
      `--origin=${keys.origin}`,
      `--bearer_token=${server.key}`,
      '--ui=false',
      '--N=2',
    ])

  // It ends with 0 whatever it finds; what it found is in its words.
  test('finds a running ledger whole', async () => {
    const { stderr } = await fsck(server.url)
    expect(stderr).toMatch(/Successfully fsck'd log with size 70\d/)
    expect(stderr).not.toContain('fsck failed')
  })

  test.each([
    ['checkpoint', 45],
    ['tile/0/000', 5],
    ['tile/1/000.p/2', 33],
    ['tile/entries/001', 2_000],
  ])('refuses one with one bit changed in %s', async (path, at) => {
    const middle = await ManInTheMiddle.start(server, flip(`/ledgers/default/${path}`, at))
    try {
      const { stderr } = await fsck(middle.url)
      expect(stderr).toContain('fsck failed')
      expect(stderr).not.toContain('Successfully')
    } finally {
      await middle.stop()
    }
  })
})

optionalStrangerSuite('torchwood', missing('torchwood-proof'), () => {
  const directory = newDirectory()
  const cosigner = witness('witness.example/one', 51, 1_795_000_000)
  let server: ServerProcess
  let keys: LedgerKeys
  let ids: string[]
  let entries: Uint8Array[]

  beforeAll(async () => {
    ;({ server, keys, ids } = await ledgerWithRecords())
    const get = async (path: string): Promise<Uint8Array> =>
      (await server.fetch(`/ledgers/default/${path}`)).bytes()
    const { size } = parseCheckpoint(parseNote(await get('checkpoint')).text)
    entries = []
    for (let n = 0; n * 256 < size; n += 1)
      entries.push(...decodeEntryTile(await get(tilePath('entries', n, tileWidth('entries', n, size)))))
  })
  afterAll(() => server.stop())

  const entryOf = (id: string): number =>
    entries.findIndex((entry) => Buffer.from(entry).toString().includes(`"id":"${id}"`))
  const proofOf = async (id: string): Promise<string> =>
    (await server.fetch(`/v1/decisions/${id}/proof`)).text()

  async function verify(policy: string, proof: string, entry: Uint8Array): Promise<number> {
    const contents = Object.entries({ policy, proof, entry })
    for (const [name, content] of contents) await writeFile(join(directory, name), content)
    const files = contents.map(([name]) => join(directory, name))
    return (await run(join(BIN, 'torchwood-proof'), files)).code
  }

  /** The same proof with a cosignature under its checkpoint. */
  function cosigned(proof: string): string {
    const split = proof.indexOf('\n\n') + 2
    const { text, signatures } = parseNote(proof.slice(split))
    return proof.slice(0, split) + formatNote(text, [...signatures, cosigner.sign(text)])
  }

  test('accepts proofs of entries and refuses them for others', async () => {
    const policy = `log ${keys.checkpoint}\nquorum none\n`
    for (const id of [ids[0]!, ids[254]!, ids[255]!, ids[256]!, ids[RECORDS - 1]!]) {
      const proof = await proofOf(id)
      const index = entryOf(id)
      expect(await verify(policy, proof, entries[index]!)).toBe(0)
      expect(await verify(policy, proof, entries[index - 1]!)).toBe(1)
    }
  })

  test('refuses a proof with any one character of its hashes or index changed', async () => {
    const policy = `log ${keys.checkpoint}\nquorum none\n`
    const proof = await proofOf(ids[9]!)
    const entry = entries[entryOf(ids[9]!)]!
    for (let at = proof.indexOf('index'); at < proof.indexOf('\n\n'); at += 37) {
      const changed = proof.slice(0, at) + (proof[at] === 'A' ? 'B' : 'A') + proof.slice(at + 1)
      expect(await verify(policy, changed, entry)).toBe(1)
    }
  })

  test('asks for the witnesses its policy names', async () => {
    const policy = `log ${keys.checkpoint}\nwitness one ${cosigner.key.vkey}\nquorum one\n`
    const proof = await proofOf(ids[3]!)
    const entry = entries[entryOf(ids[3]!)]!
    expect(await verify(policy, proof, entry)).toBe(1)
    expect(await verify(policy, cosigned(proof), entry)).toBe(0)
  })
})
