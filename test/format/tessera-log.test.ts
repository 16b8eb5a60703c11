import {
  consistencyProof,
  decodeEntryTile,
  decodeHashTile,
  formatTlogProof,
  hashLeaf,
  inclusionProof,
  parseCheckpoint,
  parseNote,
  parseVkey,
  rootOf,
  tileNodes,
  tilePath,
  verifyConsistency,
  verifyInclusion,
  verifyNote,
  verifyTlogProof,
} from '@deponent/format'
import { expect, test } from 'vitest'
import { foreignBytes, foreignSuite, foreignText } from './foreign.ts'

const VKEY = 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx'
const SIZES = Array.from({ length: 16 }, (_, size) => size)

function bytes(path: string): Uint8Array {
  return foreignBytes(`tessera-log/${path}`)
}

foreignSuite('tessera-log', 'a log written by Tessera', () => {
  const key = parseVkey(VKEY)
  const noteOf = (size: number) => foreignText(`tessera-log/checkpoint.${size}`)
  const checkpointOf = (size: number) => parseCheckpoint(parseNote(noteOf(size)).text)
  const entries = decodeEntryTile(bytes('tile/entries/000.p/15'))
  const leaves = entries.map(hashLeaf)
  const nodesOf = (size: number) => tileNodes(size, (level, n, width) => bytes(tilePath(level, n, width)))

  test('its key is the one its source names', () => {
    expect(foreignText('SOURCE.md')).toContain(VKEY)
  })

  test.each(SIZES)('checkpoint %i is signed, and its root follows from the entries', (size) => {
    expect(verifyNote(parseNote(noteOf(size)), [key])).toEqual([key])
    expect(checkpointOf(size)).toEqual({
      origin: 'example.com/log/testdata',
      size,
      root: rootOf(leaves.slice(0, size)),
    })
  })

  test('the checkpoint without a size in its name is that of all 15 entries', () => {
    const note = parseNote(foreignText('tessera-log/checkpoint'))
    expect(verifyNote(note, [key])).toEqual([key])
    expect(parseCheckpoint(note.text)).toEqual(checkpointOf(15))
  })

  test.each(SIZES.slice(1))('tiles of width %i hold the same entries and their leaf hashes', (size) => {
    const width = size === 256 ? '' : `.p/${size}`
    expect(decodeEntryTile(bytes(`tile/entries/000${width}`))).toEqual(entries.slice(0, size))
    expect(decodeHashTile(bytes(`tile/0/000${width}`))).toEqual(leaves.slice(0, size))
  })

  test('every entry is proven in every tree that holds it, out of the tiles', async () => {
    for (const size of SIZES) {
      const { root } = checkpointOf(size)
      for (let index = 0; index < size; index++) {
        const proof = await inclusionProof(index, size, nodesOf(size))
        expect(verifyInclusion(leaves[index]!, index, size, proof, root)).toBe(true)
        expect(verifyInclusion(leaves[(index + 1) % 15]!, index, size, proof, root)).toBe(false)
      }
    }
  })

  test('every tree is shown to extend every smaller one, out of the tiles', async () => {
    for (const size2 of SIZES.slice(1)) {
      for (const size1 of SIZES.slice(1, size2 + 1)) {
        const proof = await consistencyProof(size1, size2, nodesOf(size2))
        const [root1, root2] = [checkpointOf(size1).root, checkpointOf(size2).root]
        expect(verifyConsistency(size1, size2, root1, root2, proof)).toBe(true)
        expect(verifyConsistency(size1, size2, checkpointOf(size1 - 1).root, root2, proof)).toBe(false)
      }
    }
  })

  test('a proof of ours under its checkpoint verifies against its key', async () => {
    const hashes = await inclusionProof(11, 15, nodesOf(15))
    const text = formatTlogProof({ index: 11, hashes, checkpointNote: noteOf(15) })
    const trust = {
      ledgers: [
        {
          origin: 'example.com/log/testdata',
          keys: [{ vkey: VKEY, use: 'checkpoint' as const, sizes: { from: 0 } }],
          witnesses: [],
          quorum: 0,
          timestampRoots: [],
        },
      ],
    }
    expect(verifyTlogProof(text, { entry: entries[11]! }, trust).verdict).toBe('valid')
    expect(verifyTlogProof(text, { entry: entries[12]! }, trust).verdict).toBe('invalid')
  })
})
