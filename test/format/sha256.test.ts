import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { FormatError } from '../../packages/format/src/error.ts'
import type { HashEngine } from '../../packages/format/src/hash/engine.ts'
import { plainEngine } from '../../packages/format/src/hash/plain.ts'
import {
  HASH_ENGINE,
  commitLeafHashes,
  commitNodeHash,
  commitRoot,
  leafHashes,
  ledgerRoot,
  sha256,
} from '../../packages/format/src/hash/sha256.ts'
import { SHA256_WASM } from '../../packages/format/src/hash/sha256.wasm.ts'
import { createSimdEngine } from '../../packages/format/src/hash/simd.ts'
import { compile, SHA256_MODULE, wasmModuleSource } from '../../tools/build-wasm.ts'

// ---- the reference: node:crypto, and the tree by the recursive words of RFC 6962 §2.1

type Part = string | Uint8Array | number

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function hashOf(...parts: Part[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(typeof part === 'number' ? Buffer.of(part) : part)
  return hash.digest()
}

function rootByDefinition(prefix: number, leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0]!
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  const left = rootByDefinition(prefix, leaves.slice(0, split))
  return hashOf(prefix, left, rootByDefinition(prefix, leaves.slice(split)))
}

function commitLeavesByDefinition(texts: readonly string[], salts: Uint8Array): Uint8Array[] {
  return texts.map((text, i) => hashOf(0x10, salts.subarray(i * 16, i * 16 + 16), text))
}

/** Bytes that look random and depend on the seed alone. */
function bytesOf(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let x = seed
  for (let i = 0; i < length; i++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0
    bytes[i] = x >>> 24
  }
  return bytes
}

// ---- what engines are asked

/** Any UTF-16, lone surrogates too. */
const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)) })
const asciiText = fc.string({ unit: 'binary-ascii', maxLength: 300 })
const saltedTexts = (text: fc.Arbitrary<string>) =>
  fc.array(text, { minLength: 1, maxLength: 70 }).chain((texts) =>
    fc.record({
      texts: fc.constant(texts),
      salts: fc.uint8Array({ minLength: 16 * texts.length, maxLength: 16 * texts.length }),
    }),
  )
const hashes = fc
  .tuple(fc.integer({ min: 1, max: 300 }), fc.integer())
  .map(([count, seed]) => Array.from({ length: count }, (_, i) => bytesOf(32, seed + i)))

function expectCommitment(engine: HashEngine, texts: readonly string[], salts: Uint8Array): void {
  const leaves = commitLeavesByDefinition(texts, salts)
  expect(engine.commitLeafHashes(texts, salts).map(hex)).toEqual(leaves.map(hex))
  expect(hex(engine.commitRoot(texts, salts))).toBe(hex(rootByDefinition(0x11, leaves)))
}

function expectLeafHashes(engine: HashEngine, entries: readonly Uint8Array[]): void {
  expect(engine.leafHashes(entries).map(hex)).toEqual(entries.map((entry) => hex(hashOf(0x00, entry))))
}

describe.each([createSimdEngine(), plainEngine])('the $name engine', (engine) => {
  test('hashes the short messages of NIST to the published digests', () => {
    for (const [message, digest] of NIST_VECTORS) {
      expect(hex(engine.sha256(Buffer.from(message, 'hex')))).toBe(digest)
    }
  })

  test('hashes a million times the letter a to the published digest', () => {
    expect(hex(engine.sha256(new Uint8Array(1_000_000).fill(0x61)))).toBe(
      'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0',
    )
  })

  test('agrees with node:crypto at every length to 300 and around every block boundary to 64 blocks', () => {
    const lengths = Array.from({ length: 301 }, (_, length) => length)
    for (let block = 5; block <= 64; block++) {
      for (let step = -10; step <= 1; step++) lengths.push(block * 64 + step)
    }
    for (const length of lengths) {
      const bytes = bytesOf(length, length)
      expect([length, hex(engine.sha256(bytes))]).toEqual([length, hex(hashOf(bytes))])
    }
  })

  test('hashes a mebibyte, and bytes that begin in the middle of a buffer', () => {
    const bytes = bytesOf(2 ** 20 + 7)
    expect(hex(engine.sha256(bytes))).toBe(hex(hashOf(bytes)))
    expect(hex(engine.sha256(bytes.subarray(3, 200)))).toBe(hex(hashOf(bytes.subarray(3, 200))))
  })

  test('prefixes each entry of a batch with 0x00', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 40 }), (entries) => {
        expectLeafHashes(engine, entries)
      }),
    )
  })

  test('hashes a batch of every length to 300 at once', () => {
    expectLeafHashes(
      engine,
      Array.from({ length: 301 }, (_, length) => bytesOf(length, length)),
    )
  })

  test.each([0, 1, 2, 3, 4, 5, 4095, 4096, 4097, 9000])('hashes a batch of %i entries', (count) => {
    expectLeafHashes(
      engine,
      Array.from({ length: count }, (_, i) => bytesOf(i % 130, i)),
    )
  })

  test('hashes entries that are larger than its memory, together and each', () => {
    const sizes = [10, 262_143, 262_144, 262_145, 3, 65_535, 65_535, 65_535, 65_535, 65_535, 1_000_000, 0]
    expectLeafHashes(
      engine,
      sizes.map((size, i) => bytesOf(size, i)),
    )
  })

  test('commits to ASCII texts as the definition says', () => {
    fc.assert(
      fc.property(saltedTexts(asciiText), ({ texts, salts }) => expectCommitment(engine, texts, salts)),
    )
  })

  test('commits to the UTF-8 bytes of any text', () => {
    fc.assert(fc.property(saltedTexts(anyText), ({ texts, salts }) => expectCommitment(engine, texts, salts)))
    expectCommitment(engine, ['["/név","Ágnes"]', '["/city","京都"]', '["/mood","🙂"]'], bytesOf(48))
  })

  test('keeps texts apart where the end of one and the start of the next would make one character', () => {
    expectCommitment(engine, ['a\ud83d', '\ude42b', '\ud83d', '\ude42'], bytesOf(64))
  })

  test('commits to every number of leaves to 130 and around its largest batch', () => {
    const counts = Array.from({ length: 130 }, (_, i) => i + 1).concat(4095, 4096, 4097)
    for (const count of counts) {
      const texts = Array.from({ length: count }, (_, i) => `["/field/${i}",${i * count}]`)
      expectCommitment(engine, texts, bytesOf(16 * count, count))
    }
  })

  test('commits to texts of very different lengths, the long ones anywhere', () => {
    for (let long = 0; long < 9; long++) {
      const texts = Array.from({ length: 9 }, (_, i) =>
        i === long ? 'x'.repeat(5000) : `${i}`.repeat(i * 9),
      )
      expectCommitment(engine, texts, bytesOf(16 * 9, long))
    }
  })

  test.each([
    ['one unit below', 'a'.repeat(262_143), 'b'],
    ['exactly', 'a'.repeat(262_144), ''],
    ['one unit above', 'a'.repeat(262_144), 'b'],
    ['in units but not in bytes', 'é'.repeat(262_143), 'b'],
    ['in units but not in bytes, by one character at the end', 'a'.repeat(262_143), 'é'],
    ['only where a character spans two texts', `${'a'.repeat(262_140)}\ud83d`, '\ude42'],
    ['neither in units nor in bytes', 'é'.repeat(300_000), 'b'],
  ])('commits to texts that fill its memory: %s', (_, long, short) => {
    expectCommitment(engine, ['["",{}]', long.slice(7), short], bytesOf(48))
    expectCommitment(engine, [long, short], bytesOf(32))
  })

  test('folds leaf hashes to the root of RFC 6962, under any prefix', () => {
    fc.assert(
      fc.property(hashes, fc.integer({ min: 0, max: 255 }), (leaves, prefix) => {
        expect(hex(engine.treeRoot(prefix, leaves))).toBe(hex(rootByDefinition(prefix, leaves)))
      }),
    )
  })

  test.each([4095, 4096, 4097, 8192, 12_289])('folds %i leaf hashes to the same root', (count) => {
    const leaves = Array.from({ length: count }, (_, i) => bytesOf(32, i))
    expect(hex(engine.treeRoot(0x01, leaves))).toBe(hex(rootByDefinition(0x01, leaves)))
  })

  test('gives answers that no later call and no other answer can change', () => {
    const [first, second] = engine.leafHashes([bytesOf(10), bytesOf(20)])
    const root = engine.treeRoot(0x01, [first!])
    const before = [hex(first!), hex(second!), hex(root)]
    engine.leafHashes([bytesOf(30), bytesOf(40)])
    engine.commitRoot(['a', 'b', 'c'], bytesOf(48))
    expect([hex(first!), hex(second!), hex(root)]).toEqual(before)
    first!.fill(0)
    expect([hex(second!), hex(root)]).toEqual(before.slice(1))
  })
})

describe('what the package offers', () => {
  test('the root of a commitment is its leaf hashes joined by its node hash', () => {
    fc.assert(
      fc.property(saltedTexts(anyText), ({ texts, salts }) => {
        let level = commitLeafHashes(texts, salts)
        while (level.length > 1) {
          const below = level
          level = below.flatMap((left, i) => {
            if (i % 2 === 1) return []
            return [i + 1 < below.length ? commitNodeHash(left, below[i + 1]!) : left]
          })
        }
        expect(hex(commitRoot(texts, salts))).toBe(hex(level[0]!))
      }),
    )
  })

  test('the root of a ledger is folded with the prefix 0x01', () => {
    const leaves = leafHashes(Array.from({ length: 15 }, (_, i) => bytesOf(236, i)))
    expect(hex(ledgerRoot(leaves))).toBe(hex(rootByDefinition(0x01, leaves)))
  })

  test.each([
    ['salts that are too short', 'bad_salts', () => commitRoot(['a', 'b'], new Uint8Array(31))],
    ['salts that are too long', 'bad_salts', () => commitLeafHashes(['a'], new Uint8Array(32))],
    ['a commitment without leaves', 'no_leaves', () => commitRoot([], new Uint8Array(0))],
    ['a ledger root without leaves', 'no_leaves', () => ledgerRoot([])],
    ['a leaf hash of 31 bytes', 'bad_hash', () => ledgerRoot([new Uint8Array(31)])],
    ['a node of 33 bytes', 'bad_hash', () => commitNodeHash(new Uint8Array(32), new Uint8Array(33))],
  ])('refuses %s', (_, code, ask) => {
    expect(ask).toThrow(FormatError)
    expect(ask).toThrow(expect.objectContaining({ code }))
  })
})

describe('the choice of the engine', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.resetModules()
  })

  function loadedWith(webAssembly: unknown) {
    vi.stubGlobal('WebAssembly', webAssembly)
    vi.resetModules()
    return import('../../packages/format/src/hash/sha256.ts')
  }

  test('takes WebAssembly where it may', () => {
    expect(HASH_ENGINE).toBe('simd')
  })

  test('takes plain JavaScript where there is no WebAssembly, with the same answers', async () => {
    const plain = await loadedWith(undefined)
    expect(plain.HASH_ENGINE).toBe('plain')
    expect(hex(plain.commitRoot(['a', 'é', 'c'], bytesOf(48)))).toBe(
      hex(commitRoot(['a', 'é', 'c'], bytesOf(48))),
    )
    expect(hex(plain.sha256(bytesOf(99)))).toBe(hex(sha256(bytesOf(99))))
  })

  test('takes plain JavaScript where a policy or a missing instruction set refuses to compile', async () => {
    function Module(): never {
      throw new Error('refused')
    }
    expect((await loadedWith({ Module })).HASH_ENGINE).toBe('plain')
  })
})

describe('the WebAssembly module', () => {
  test('the committed WebAssembly is what its source compiles to', async () => {
    const binary = await compile(SHA256_MODULE)
    expect(Buffer.from(binary).toString('base64')).toBe(SHA256_WASM)
    const committed = new URL('../../packages/format/src/hash/sha256.wasm.ts', import.meta.url)
    expect(readFileSync(committed, 'utf8')).toBe(wasmModuleSource(SHA256_MODULE, binary))
  })

  test('imports nothing and cannot grow its memory', () => {
    const module = new WebAssembly.Module(Buffer.from(SHA256_WASM, 'base64'))
    expect(WebAssembly.Module.imports(module)).toEqual([])
    const memory = new WebAssembly.Instance(module).exports['memory'] as WebAssembly.Memory
    expect(() => memory.grow(1)).toThrow(RangeError)
  })
})

/** FIPS 180-4 examples, then SHA256ShortMsg.rsp of NIST's CAVP: message and digest in hex. */
const NIST_VECTORS: readonly (readonly [string, string])[] = [
  [hex(Buffer.from('abc')), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    hex(Buffer.from('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq')),
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['d3', '28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1'],
  ['11af', '5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98'],
  ['b4190e', 'dff2e73091f6c05e528896c4c831b9448653dc2ff043528f6769437bc7b975c2'],
  ['74ba2521', 'b16aa56be3880d18cd41e68384cf1ec8c17680c45a02b1575dc1518923ae8b0e'],
]
