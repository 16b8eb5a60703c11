import { mkdir, mkdtemp, readdir, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import {
  type DirectorySizes,
  layersOf,
  sizesOf,
  type StoredLayer,
} from '../../packages/server/src/sizes/directory-sizes.ts'
import { placeOf } from '../../packages/server/src/sizes/place.ts'
import { openLedgers, record } from '../hosting/open-ledgers.ts'
import { loan, newPlace, openRecording, type Place, submission } from '../recording/open-tenant.ts'

async function filesOf(directory: string): Promise<{ path: string; bytes: number }[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true })
  return Promise.all(
    found
      .filter((one) => one.isFile())
      .map(async (one) => {
        const path = join(one.parentPath, one.name)
        return { path: path.slice(directory.length + 1), bytes: (await stat(path)).size }
      }),
  )
}

const total = (layers: readonly StoredLayer[]): number => layers.reduce((sum, { bytes }) => sum + bytes, 0)
const byName = (layers: readonly StoredLayer[], name: string): StoredLayer =>
  layers.find((layer) => layer.name === name)!

describe('a directory with one ledger', () => {
  const SEGMENT = 256
  let place: Place
  let sizes: DirectorySizes

  beforeAll(async () => {
    place = await newPlace()
    const fileSizes = { log: 2 ** 20, segment: { entriesMax: SEGMENT, bytesMax: 2 ** 20 } }
    const { tenant, close } = await openRecording(place, undefined, fileSizes)
    for (let from = 0; from < 600; from += 100)
      await tenant.recorder.record(Array.from({ length: 100 }, (_, i) => submission(loan(from + i), i)))
    await close()
    sizes = await sizesOf(realDisk, place.data)
  })

  test('has layers that add up to its files, byte for byte', async () => {
    const files = await filesOf(place.data)
    expect(total(layersOf(sizes))).toBe(files.reduce((sum, { bytes }) => sum + bytes, 0))
    expect(layersOf(sizes).reduce((sum, layer) => sum + layer.files, 0)).toBe(files.length)
  })

  test('counts bytes by the entries that are in those files, not by those that are in the log yet', () => {
    const layers = layersOf(sizes, 'default')
    const { entries } = byName(layers, 'keys')
    expect(entries).toBeGreaterThanOrEqual(600)
    expect(byName(layers, 'entryTiles')).toMatchObject({ files: 2, entries: 512 })
    // Two full tiles at the lowest level of the tree, of 256 hashes of 32 bytes each.
    expect(byName(layers, 'hashTiles')).toMatchObject({ files: 2, entries: 512, bytes: 2 * 256 * 32 })
    const { entries: inSegments } = byName(layers, 'vault')
    expect(inSegments % SEGMENT).toBe(0)
    expect(inSegments).toBeGreaterThan(0)
    expect(inSegments).toBeLessThanOrEqual(entries)
    expect(byName(layers, 'log').bytes).toBeGreaterThanOrEqual(2 ** 20)
  })
})

test('ledgers of one directory share what is shared by their entries, and nothing is counted twice', async () => {
  const place = await newPlace()
  const { ledgers, close } = await openLedgers(place)
  const claims = await ledgers.create('claims')
  for (let i = 0; i < 3; i += 1) await record(claims, loan(i))
  await record(ledgers.default, loan(1))
  await close()
  const sizes = await sizesOf(realDisk, place.data)
  const all = total(layersOf(sizes))
  const files = await filesOf(place.data)
  expect(all).toBe(files.reduce((sum, { bytes }) => sum + bytes, 0))
  const parts = ['default', 'claims'].map((name) => layersOf(sizes, name))
  // Each part of a shared layer is rounded down to a whole byte.
  expect(all - parts.reduce((sum, layers) => sum + total(layers), 0)).toBeLessThanOrEqual(3)
  expect(byName(parts[0]!, 'state').isShared).toBe(true)
  const [state, theirs] = parts.map((layers) => byName(layers, 'state'))
  expect(Math.abs(state!.bytes * theirs!.entries - theirs!.bytes * state!.entries)).toBeLessThan(
    state!.entries + theirs!.entries,
  )
})

test('a directory that is not there, or has files nobody knows, is measured all the same', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sizes-'))
  expect(total(layersOf(await sizesOf(realDisk, join(root, 'nowhere'))))).toBe(0)
  for (const path of ['warm-cache/a', 'vault/nobody/000000000000.seg', 'keyring/nobody.keys', 'notes.txt']) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), 'seven b')
  }
  const layers = layersOf(await sizesOf(realDisk, root))
  expect(byName(layers, 'directory')).toMatchObject({ bytes: 28, files: 4 })
  expect(total(layers)).toBe(28)
})

test.each([
  ['ledgers/default/tile/entries/000', 'entryTiles', 'default'],
  ['ledgers/default/tile/0/x001/000', 'hashTiles', 'default'],
  ['ledgers/default/tile/1/000', 'hashTiles', 'default'],
  ['ledgers/default/checkpoint', 'checkpoints', 'default'],
  ['ledgers/default/anchors/2026-11-29T10', 'checkpoints', 'default'],
  ['ledgers/claims/wal/0.wal', 'log', 'claims'],
  ['vault/claims/dictionary-000000.dict', 'vault', 'claims'],
  ['keyring/default.keys', 'keys', 'default'],
  ['keyring/default.1.keys', 'keys', 'default.1'],
  ['keyring/root.promise.key', 'keys', 'root'],
  ['keyring/root.key', 'directory', undefined],
  ['keyring/master.key.next', 'directory', undefined],
  ['keyring/access/default.json', 'directory', undefined],
  ['state/state.db-wal', 'state', undefined],
  ['index/sealed/store/046/x', 'index', undefined],
  ['format.json', 'directory', undefined],
])('%s is of %s', (path, layer, ledger) => {
  const ledgers = new Set(['default', 'default.1', 'claims', 'root'])
  expect(placeOf(path, ledgers)).toEqual({ layer, ...(ledger !== undefined && { ledger }) })
})
