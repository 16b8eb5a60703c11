import { readFileSync } from 'node:fs'
import {
  CompactRange,
  decodeEntryTile,
  digestOfBundles,
  encodeEntryTile,
  FormatError,
  fromBase64,
  fromHex,
  hashLeaf,
  parseCheckpoint,
  parseNote,
  parsePromise,
  parseTilePath,
  parseTrust,
  parseVkey,
  partialWidth,
  perfectSubtrees,
  readRotation,
  rootOf,
  tilePath,
  toBase64,
  toHex,
  verifyBundle,
  verifyConsistency,
  verifyInclusion,
  verifyNote,
  verifyReceipt,
  verifyTlogProof,
} from '@deponent/format'
import type { VerifyReport } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { proofVectorFiles } from '../../tools/make-vectors.ts'

function read<T>(name: string): T {
  return JSON.parse(textOf(name)) as T
}

function textOf(name: string): string {
  return readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8')
}

interface Named {
  name: string
}

interface Judged<Valid, Invalid = Valid> {
  valid: Valid[]
  invalid: Invalid[]
}

function refuses(call: () => unknown): void {
  expect(call).toThrow(FormatError)
}

const known = await proofVectorFiles()

test.each([...known.keys()])('%s is what its generator writes', (name) => {
  expect(textOf(name)).toBe(known.get(name))
})

test('every file of the generator is explained', () => {
  for (const name of known.keys()) expect(textOf('README.md')).toContain(`| \`${name}\``)
})

describe('tree.json', () => {
  const tree = read<{
    entries: string[]
    leafHashes: string[]
    sizes: { size: number; root: string; compactRange: string[] }[]
  }>('tree.json')
  const leaves = tree.entries.map((entry) => hashLeaf(fromHex(entry)))

  test('entries hash to their leaves', () => {
    expect(leaves.map(toHex)).toEqual(tree.leafHashes)
  })

  test.each(tree.sizes)(
    'the tree of $size has its root, from its leaves and from its perfect subtrees',
    (state) => {
      expect(toHex(rootOf(leaves.slice(0, state.size)))).toBe(state.root)
      expect(toHex(CompactRange.of(state.size, state.compactRange.map(fromHex)).root())).toBe(state.root)
    },
  )
})

describe('inclusion.json', () => {
  interface Inclusion extends Named {
    index: number
    size: number
    leafHash: string
    proof: string[]
    root: string
  }
  const { valid, invalid } = read<Judged<Inclusion>>('inclusion.json')
  const shown = ({ index, size, leafHash, proof, root }: Inclusion) =>
    verifyInclusion(fromHex(leafHash), index, size, proof.map(fromBase64), fromHex(root))

  test.each(valid)('$name is shown', (probe) => {
    expect(shown(probe)).toBe(true)
  })
  test.each(invalid)('$name is not shown', (probe) => {
    expect(shown(probe)).toBe(false)
  })
})

describe('consistency.json', () => {
  interface Consistency extends Named {
    size1: number
    size2: number
    root1: string
    root2: string
    proof: string[]
  }
  const { valid, invalid } = read<Judged<Consistency>>('consistency.json')
  const shown = ({ size1, size2, root1, root2, proof }: Consistency) =>
    verifyConsistency(size1, size2, fromHex(root1), fromHex(root2), proof.map(fromBase64))

  test.each(valid)('$name is shown', (probe) => {
    expect(shown(probe)).toBe(true)
  })
  test.each(invalid)('$name is not shown', (probe) => {
    expect(shown(probe)).toBe(false)
  })
})

describe('tile-paths.json', () => {
  const paths = read<
    Judged<{ path: string; level: number | 'entries'; n: number; width: number }, string> & {
      partialWidths: { size: number; level: number; width: number }[]
      subtrees: { start: number; end: number; subtrees: { level: number; index: number }[] }[]
    }
  >('tile-paths.json')

  test.each(paths.valid)('$path is read and written', ({ path, level, n, width }) => {
    expect(parseTilePath(path)).toEqual({ level, n, width })
    expect(tilePath(level, n, width)).toBe(path)
  })
  test.each(paths.invalid)('%s is refused', (path) => {
    refuses(() => parseTilePath(path))
  })
  test.each(paths.partialWidths)('size $size leaves $width at level $level', ({ size, level, width }) => {
    expect(partialWidth(level, size)).toBe(width)
  })
  test.each(paths.subtrees)(
    'leaves $start to $end split into perfect subtrees',
    ({ start, end, subtrees }) => {
      expect(perfectSubtrees({ start, end })).toEqual(subtrees)
    },
  )
})

describe('entry-tiles.json', () => {
  const tiles =
    read<Judged<Named & { tile: string; entries: string[] }, Named & { tile: string }>>('entry-tiles.json')

  test.each(tiles.valid)('$name is read and written', ({ tile, entries }) => {
    expect(decodeEntryTile(fromHex(tile)).map(toHex)).toEqual(entries)
    expect(toHex(encodeEntryTile(entries.map(fromHex)))).toBe(tile)
  })
  test.each(tiles.invalid)('$name is refused', ({ tile }) => {
    refuses(() => decodeEntryTile(fromHex(tile)))
  })
})

describe('vkeys.json', () => {
  interface Parts {
    vkey: string
    name: string
    keyId: string
    type: number
    publicKey: string
  }
  const vkeys = read<Judged<Parts, Named & { vkey: string }>>('vkeys.json')

  test.each(vkeys.valid)('$vkey is read', ({ vkey, keyId, publicKey, ...parts }) => {
    expect(parseVkey(vkey)).toEqual({ ...parts, vkey, keyId: fromHex(keyId), publicKey: fromHex(publicKey) })
  })
  test.each(vkeys.invalid)('$name is refused', ({ vkey }) => {
    refuses(() => parseVkey(vkey))
  })
})

describe('notes.json', () => {
  interface KnownNote extends Named {
    note: string
    keys: string[]
  }
  const notes = read<Judged<KnownNote & { signedBy: string[]; text: string }, KnownNote>>('notes.json')
  const signers = ({ note, keys }: KnownNote) => verifyNote(parseNote(note), keys.map(parseVkey))

  test.each(notes.valid)('$name: its signers are known', (known) => {
    expect(parseNote(known.note).text).toBe(known.text)
    expect(signers(known).map(({ vkey }) => vkey)).toEqual(known.signedBy)
  })
  test.each(notes.invalid)('$name is refused', (known) => {
    refuses(() => signers(known))
  })
})

describe('checkpoints.json', () => {
  const texts = read<Judged<{ text: string; root: string }, Named & { text: string }>>('checkpoints.json')

  test.each(texts.valid)('$text is read', ({ text, ...expected }) => {
    const { root, ...parts } = parseCheckpoint(text)
    expect({ ...parts, root: toBase64(root) }).toEqual(expected)
  })
  test.each(texts.invalid)('$name is refused', ({ text }) => {
    refuses(() => parseCheckpoint(text))
  })
})

describe('promises.json', () => {
  const texts = read<Judged<{ text: string; root: string }, Named & { text: string }>>('promises.json')

  test.each(texts.valid)('$text is read', ({ text, ...expected }) => {
    const { root, ...parts } = parsePromise(text)
    expect({ ...parts, root: toBase64(root) }).toEqual(expected)
  })
  test.each(texts.invalid)('$name is refused', ({ text }) => {
    refuses(() => parsePromise(text))
  })
})

describe('rotations.json', () => {
  interface Shown {
    index: number
    statement: string
  }
  const shown = read<Judged<Shown & { next: string }, Named & Shown>>('rotations.json')

  test.each(shown.valid)('the change to $next is believed', ({ index, statement, ...expected }) => {
    expect(readRotation({ index, statement })).toEqual(expected)
  })
  test.each(shown.invalid)('$name is not', ({ index, statement }) => {
    expect(readRotation({ index, statement })).toBeUndefined()
  })
})

describe('successions.json', () => {
  const digests = read<{ valid: { size: number; bundles: string[]; digest: string }[] }>('successions.json')

  test.each(digests.valid)('a ledger of $size entries has its digest', ({ size, bundles, digest }) => {
    expect(
      digestOfBundles(
        size,
        bundles.map((hash) => fromHex(hash)),
      ),
    ).toBe(digest)
  })
})

interface Verdict extends Named {
  trust: object | null
  verdict: string
  codes: string[]
}

const trustOf = ({ trust }: Verdict) => (trust === null ? undefined : parseTrust(trust))

function expectVerdict({ verdict, findings }: VerifyReport, expected: Verdict): void {
  expect({ verdict, codes: findings.map(({ code }) => code) }).toEqual({
    verdict: expected.verdict,
    codes: expected.codes,
  })
}

describe('tlog-proofs.json', () => {
  const { cases } = read<{ cases: (Verdict & { proof: string; entry: string })[] }>('tlog-proofs.json')

  test.each(cases)('$name: $verdict', (probe) => {
    expectVerdict(verifyTlogProof(probe.proof, { entry: fromHex(probe.entry) }, trustOf(probe)), probe)
  })
})

describe('receipts.json', () => {
  const { cases } = read<{ cases: (Verdict & { receipt: unknown; against: string[] })[] }>('receipts.json')

  test.each(cases)('$name: $verdict', (probe) => {
    expectVerdict(verifyReceipt(probe.receipt, trustOf(probe), { against: probe.against }), probe)
  })
})

describe('bundles.json', () => {
  const { cases } = read<{ cases: (Verdict & { bundle: string; against: string[] })[] }>('bundles.json')

  test.each(cases)('$name: $verdict', (probe) => {
    const trust = trustOf(probe)
    expectVerdict(verifyBundle(probe.bundle, { ...(trust && { trust }), against: probe.against }), probe)
  })
})

describe('signers.json', () => {
  const { signers } = read<{ signers: (Named & { secret: string; vkey: string })[] }>('signers.json')

  test.each(signers)('$name has a key that can be read', ({ secret, vkey }) => {
    expect(fromHex(secret)).toHaveLength(32)
    expect(parseVkey(vkey).vkey).toBe(vkey)
  })
})
