/**
 * SHA-256 of many messages in one synchronous call of WebAssembly; `packages/format/assembly/sha256.ts` explains how.
 *
 * Invariants
 * - The memory of the module never grows, so the views below stay valid; what does not fit goes to the plain engine.
 * - A call writes its input, runs, and copies its answer out before it returns: nothing is kept between calls. What
 *   was hashed stays in that memory until later input overwrites it, as it would in any buffer of the process.
 */
import type { HashEngine } from './engine.ts'
import { plainEngine } from './plain.ts'
import { SHA256_WASM } from './sha256.wasm.ts'

/** What the module exports; the meaning of each is said in its source. */
interface Exports {
  readonly memory: WebAssembly.Memory
  readonly COUNT_MAX: WebAssembly.Global<'i32'>
  readonly TEXT_BYTES_MAX: WebAssembly.Global<'i32'>
  readonly TEXTS: WebAssembly.Global<'i32'>
  readonly LENGTHS: WebAssembly.Global<'i32'>
  readonly SALTS: WebAssembly.Global<'i32'>
  readonly DIGESTS: WebAssembly.Global<'i32'>
  hashMessages(count: number, prefix: number, saltBytes: number): void
  hashTree(count: number, prefix: number, saltBytes: number, nodePrefix: number): void
  foldTree(count: number, nodePrefix: number): void
}

/**
 * Compiles the module. Throws where there is no WebAssembly, where it has no SIMD, and where a content security policy
 * lacks 'wasm-unsafe-eval'. Chrome before 114 also refuses to compile more than 4 KiB at once on a page's main thread.
 */
export function createSimdEngine(): HashEngine {
  const module = new WebAssembly.Module(Uint8Array.from(atob(SHA256_WASM), (char) => char.charCodeAt(0)))
  const wasm = new WebAssembly.Instance(module).exports as unknown as Exports
  const { buffer } = wasm.memory
  const countMax = wasm.COUNT_MAX.value
  const textBytesMax = wasm.TEXT_BYTES_MAX.value
  const texts = new Uint8Array(buffer, wasm.TEXTS.value, textBytesMax)
  const lengths = new Int32Array(buffer, wasm.LENGTHS.value, countMax)
  const salts = new Uint8Array(buffer, wasm.SALTS.value, countMax * 16)
  const digests = new Uint8Array(buffer, wasm.DIGESTS.value, countMax * 32)
  const encoder = new TextEncoder()

  function leafHashes(entries: readonly Uint8Array[]): Uint8Array[] {
    const hashes: Uint8Array[] = []
    while (hashes.length < entries.length) {
      const count = writeEntries(entries, hashes.length)
      wasm.hashMessages(count, 0x00, 0)
      for (let i = 0; i < count; i++) hashes.push(digest(i))
      if (count === 0) hashes.push(...plainEngine.leafHashes([entries[hashes.length]!]))
    }
    return hashes
  }

  /** Writes as many entries as fit, beginning with `first`; returns how many. */
  function writeEntries(entries: readonly Uint8Array[], first: number): number {
    const countFitting = Math.min(entries.length - first, countMax)
    let end = 0
    for (let i = 0; i < countFitting; i++) {
      const entry = entries[first + i]!
      if (end + entry.length > textBytesMax) return i
      texts.set(entry, end)
      lengths[i] = entry.length
      end += entry.length
    }
    return countFitting
  }

  function commitLeafHashes(leafTexts: readonly string[], leafSalts: Uint8Array): Uint8Array[] {
    if (!writeTexts(leafTexts)) return plainEngine.commitLeafHashes(leafTexts, leafSalts)
    salts.set(leafSalts)
    wasm.hashMessages(leafTexts.length, 0x10, 16)
    return leafTexts.map((_, i) => digest(i))
  }

  function commitRoot(leafTexts: readonly string[], leafSalts: Uint8Array): Uint8Array {
    if (!writeTexts(leafTexts)) return treeRoot(0x11, commitLeafHashes(leafTexts, leafSalts))
    salts.set(leafSalts)
    wasm.hashTree(leafTexts.length, 0x10, 16, 0x11)
    return digest(0)
  }

  /** Writes all texts, or returns false when they do not fit. */
  function writeTexts(leafTexts: readonly string[]): boolean {
    const all = leafTexts.join('')
    if (leafTexts.length > countMax || all.length > textBytesMax) return false
    const { read, written } = encoder.encodeInto(all, texts)
    if (read < all.length) return false
    // As many bytes as UTF-16 units: all of it is ASCII, and each text takes as many bytes as it has units.
    if (written > read) return writeTextsOneByOne(leafTexts)
    for (let i = 0; i < leafTexts.length; i++) lengths[i] = leafTexts[i]!.length
    return true
  }

  function writeTextsOneByOne(leafTexts: readonly string[]): boolean {
    let end = 0
    for (let i = 0; i < leafTexts.length; i++) {
      const text = leafTexts[i]!
      const { read, written } = encoder.encodeInto(text, texts.subarray(end))
      if (read < text.length) return false
      lengths[i] = written
      end += written
    }
    return true
  }

  function treeRoot(prefix: number, hashes: readonly Uint8Array[]): Uint8Array {
    if (hashes.length > countMax) return treeRoot(prefix, subtreeRoots(prefix, hashes))
    for (let i = 0; i < hashes.length; i++) digests.set(hashes[i]!, i * 32)
    wasm.foldTree(hashes.length, prefix)
    return digest(0)
  }

  /** The roots of the subtrees of `countMax` leaves, a power of two: the same tree stands on top of them. */
  function subtreeRoots(prefix: number, hashes: readonly Uint8Array[]): Uint8Array[] {
    const roots: Uint8Array[] = []
    for (let first = 0; first < hashes.length; first += countMax) {
      roots.push(treeRoot(prefix, hashes.slice(first, first + countMax)))
    }
    return roots
  }

  function digest(i: number): Uint8Array {
    return digests.slice(i * 32, i * 32 + 32)
  }

  // A message on its own would fill one lane of four: plain JavaScript is as fast.
  return { name: 'simd', sha256: plainEngine.sha256, leafHashes, commitLeafHashes, commitRoot, treeRoot }
}
