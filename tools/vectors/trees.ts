import {
  CompactRange,
  consistencyProof,
  EMPTY_ROOT,
  encodeEntryTile,
  hashNode,
  inclusionPath,
  perfectSubtrees,
  rootOf,
  toBase64,
  toHex,
} from '../../packages/format/src/index.ts'
import { ENTRIES, LEAVES } from './ledger.ts'

/** Roots of every size, and what has to be kept to go on appending. */
export function treeVectors(): object {
  const range = CompactRange.empty()
  const sizes = LEAVES.map((leaf, size) => {
    const state = { size, root: toHex(range.root()), compactRange: range.hashes().map(toHex) }
    range.append(leaf)
    return state
  })
  return {
    description:
      'Entries (hex), their leaf hashes, and for each size the root of the first leaves and the roots of its perfect subtrees, left to right.',
    entries: ENTRIES.map(toHex),
    leafHashes: LEAVES.map(toHex),
    sizes,
  }
}

interface Inclusion {
  name: string
  index: number
  size: number
  leafHash: string
  proof: string[]
  root: string
}

function inclusionOf(index: number, size: number): Inclusion {
  const leaves = LEAVES.slice(0, size)
  return {
    name: `leaf ${index} of ${size}`,
    index,
    size,
    leafHash: toHex(LEAVES[index]!),
    proof: inclusionPath(index, leaves).map(toBase64),
    root: toHex(rootOf(leaves)),
  }
}

export function inclusionVectors(): object {
  const valid = [1, 2, 3, 7, 8, 9, 16, 31, 32, 33].flatMap((size) =>
    [...new Set([0, 1, Math.floor(size / 2), size - 1])]
      .filter((index) => index < size)
      .map((index) => inclusionOf(index, size)),
  )
  const base = inclusionOf(5, 9)
  const flipped = toBase64(
    inclusionPath(5, LEAVES.slice(0, 9))[1]!.map((byte, i) => (i === 0 ? byte ^ 1 : byte)),
  )
  const invalid: Inclusion[] = [
    { ...base, name: 'another leaf', leafHash: toHex(LEAVES[4]!) },
    { ...base, name: 'another index', index: 4 },
    { ...base, name: 'an index outside the tree', index: 9 },
    { ...base, name: 'a negative index', index: -1 },
    { ...base, name: 'another size', size: 17 },
    { ...base, name: 'an empty tree', index: 0, size: 0, proof: [], root: toHex(EMPTY_ROOT) },
    { ...base, name: 'another root', root: toHex(rootOf(LEAVES.slice(0, 10))) },
    { ...base, name: 'the empty root', root: toHex(EMPTY_ROOT) },
    { ...base, name: 'one hash less', proof: base.proof.slice(0, -1) },
    { ...base, name: 'one hash more', proof: [...base.proof, base.proof[0]!] },
    { ...base, name: 'hashes in the other order', proof: base.proof.toReversed() },
    { ...base, name: 'one flipped bit', proof: base.proof.with(1, flipped) },
    { ...base, name: 'a hash of 31 bytes', proof: base.proof.with(0, toBase64(new Uint8Array(31))) },
    { ...base, name: 'no proof but the root as leaf', leafHash: base.root, proof: [] },
  ]
  return {
    description:
      'Whether a proof (base64, nearest sibling first) shows the leaf at index of the tree of that size and root.',
    valid,
    invalid,
  }
}

interface Consistency {
  name: string
  size1: number
  size2: number
  root1: string
  root2: string
  proof: string[]
}

async function consistencyOf(size1: number, size2: number): Promise<Consistency> {
  const proof = await consistencyProof(size1, size2, subtree)
  return {
    name: `${size1} to ${size2}`,
    size1,
    size2,
    root1: toHex(rootOf(LEAVES.slice(0, size1))),
    root2: toHex(rootOf(LEAVES.slice(0, size2))),
    proof: proof.map(toBase64),
  }
}

function subtree(level: number, index: number): Uint8Array {
  return rootOf(LEAVES.slice(index * 2 ** level, (index + 1) * 2 ** level))
}

export async function consistencyVectors(): Promise<object> {
  const pairs = [1, 2, 3, 4, 6, 7, 8, 16, 31, 32].flatMap((size1) =>
    [size1, size1 + 1, 2 * size1 + 1, 33]
      .filter((size2) => size2 <= 33)
      .map((size2) => [size1, size2] as const),
  )
  const valid = await Promise.all(
    [...pairs, [0, 0] as const].map(([size1, size2]) => consistencyOf(size1, size2)),
  )
  const base = await consistencyOf(6, 9)
  const forged = hashNode(LEAVES[0]!, LEAVES[0]!)
  const invalid: Consistency[] = [
    { ...base, name: 'roots exchanged', root1: base.root2, root2: base.root1 },
    { ...base, name: 'another smaller root', root1: toHex(forged) },
    { ...base, name: 'another larger root', root2: toHex(forged) },
    { ...base, name: 'another smaller size', size1: 5 },
    { ...base, name: 'another larger size', size2: 17 },
    { ...base, name: 'a shrinking tree', size1: 9, size2: 6 },
    { ...base, name: 'one hash less', proof: base.proof.slice(1) },
    { ...base, name: 'one hash more', proof: [...base.proof, toBase64(forged)] },
    { ...base, name: 'no proof', proof: [] },
    { ...base, name: 'another hash', proof: base.proof.with(0, toBase64(forged)) },
    { ...(await consistencyOf(0, 9)), name: 'from the empty tree, which shows nothing' },
    { ...(await consistencyOf(9, 9)), name: 'equal sizes, different roots', root2: toHex(forged) },
    { ...(await consistencyOf(9, 9)), name: 'equal sizes with a proof', proof: [toBase64(forged)] },
    {
      ...(await consistencyOf(0, 0)),
      name: 'size 0 with a root that is not the empty one',
      root1: toHex(forged),
      root2: toHex(forged),
    },
  ]
  return {
    description: 'Whether a proof (base64) shows that the tree of size2 only appended to the tree of size1.',
    valid,
    invalid,
  }
}

export function entryTileVectors(): object {
  const tile = encodeEntryTile(ENTRIES.slice(0, 5))
  return {
    description: 'Tiles of entries: each entry behind its big-endian 16-bit length, 256 at most. All in hex.',
    valid: [
      { name: 'no entry', tile: '', entries: [] },
      { name: 'one empty entry', tile: '0000', entries: [''] },
      { name: 'five entries', tile: toHex(tile), entries: ENTRIES.slice(0, 5).map(toHex) },
      { name: 'an entry of 300 bytes', tile: `012c${'ab'.repeat(300)}`, entries: ['ab'.repeat(300)] },
    ],
    invalid: [
      { name: 'half a length', tile: '00' },
      { name: 'a length without its entry', tile: '0001' },
      { name: 'cut off inside the last entry', tile: toHex(tile.slice(0, -1)) },
      { name: 'a byte too many', tile: `${toHex(tile)}00` },
      { name: '257 entries', tile: '0000'.repeat(257) },
    ],
  }
}

export function tilePathVectors(): object {
  return {
    description: 'Paths of tiles below the prefix of a ledger. Width 256 is a full tile.',
    valid: [
      { path: 'tile/0/000', level: 0, n: 0, width: 256 },
      { path: 'tile/0/999', level: 0, n: 999, width: 256 },
      { path: 'tile/0/x001/000', level: 0, n: 1000, width: 256 },
      { path: 'tile/0/x001/x234/067', level: 0, n: 1_234_067, width: 256 },
      { path: 'tile/1/000.p/17', level: 1, n: 0, width: 17 },
      { path: 'tile/63/005.p/1', level: 63, n: 5, width: 1 },
      { path: 'tile/entries/273.p/112', level: 'entries', n: 273, width: 112 },
      { path: 'tile/0/x009/x007/x199/x254/x740/991', level: 0, n: Number.MAX_SAFE_INTEGER, width: 256 },
    ],
    invalid: [
      'tile/0',
      'tile/0/0',
      'tile/0/0000',
      'tile/00/000',
      'tile/64/000',
      'tile/0/x000/001',
      'tile/0/x001',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/01',
      'tile/0/000/',
      '/tile/0/000',
      'tile/0/../000',
      'tile/data/000',
      'tile/0/x009/x007/x199/x254/x740/992',
    ],
    partialWidths: [
      { size: 70_000, level: 0, width: 112 },
      { size: 70_000, level: 1, width: 17 },
      { size: 70_000, level: 2, width: 1 },
      { size: 70_000, level: 3, width: 0 },
      { size: 256, level: 0, width: 0 },
      { size: 256, level: 1, width: 1 },
      { size: 0, level: 0, width: 0 },
    ],
    subtrees: [
      { start: 0, end: 7, subtrees: perfectSubtrees({ start: 0, end: 7 }) },
      { start: 8, end: 11, subtrees: perfectSubtrees({ start: 8, end: 11 }) },
    ],
  }
}
