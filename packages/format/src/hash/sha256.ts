/** SHA-256 as ledger and payload commitments use it. Everything is synchronous and keeps nothing of what it is given. */
import { FormatError } from '../error.ts'
import type { HashEngine } from './engine.ts'
import { plainEngine } from './plain.ts'
import { createSimdEngine } from './simd.ts'

const engine = chooseEngine()

function chooseEngine(): HashEngine {
  try {
    return createSimdEngine()
  } catch {
    return plainEngine
  }
}

/** Which engine hashes here: `plain` is the slower one, taken where WebAssembly with SIMD is not to be had. */
export const HASH_ENGINE: HashEngine['name'] = engine.name

/** SHA-256 of `bytes`: 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return engine.sha256(bytes)
}

/** For each entry SHA-256(0x00 ‖ entry), the leaf hash of the ledger's tree (RFC 6962 §2.1). */
export function leafHashes(entries: readonly Uint8Array[]): Uint8Array[] {
  return engine.leafHashes(entries)
}

/**
 * The root of the ledger's tree over leaf hashes, nodes being SHA-256(0x01 ‖ left ‖ right). FormatError 'bad_hash'
 * unless each has 32 bytes, 'no_leaves' when there is none.
 */
export function ledgerRoot(leafHashes: readonly Uint8Array[]): Uint8Array {
  checkNotEmpty(leafHashes)
  leafHashes.forEach(checkHash)
  return engine.treeRoot(0x01, leafHashes)
}

/**
 * The leaf hashes of a payload commitment: for each text SHA-256(0x10 ‖ salt ‖ UTF-8(text)). A lone surrogate is hashed
 * as U+FFFD. FormatError 'bad_salts' unless `salts` has 16 bytes for each text.
 */
export function commitLeafHashes(leafTexts: readonly string[], salts: Uint8Array): Uint8Array[] {
  checkSalts(leafTexts, salts)
  return engine.commitLeafHashes(leafTexts, salts)
}

/** An inner node of a payload commitment: SHA-256(0x11 ‖ left ‖ right). FormatError 'bad_hash' unless both have 32 bytes. */
export function commitNodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  checkHash(left)
  checkHash(right)
  return engine.treeRoot(0x11, [left, right])
}

/**
 * The root of a payload commitment: the tree of RFC 6962 §2.1 over `commitLeafHashes`. FormatError 'bad_salts' as
 * there, 'no_leaves' without a text: every commitment has at least the leaf of its shape.
 */
export function commitRoot(leafTexts: readonly string[], salts: Uint8Array): Uint8Array {
  checkNotEmpty(leafTexts)
  checkSalts(leafTexts, salts)
  return engine.commitRoot(leafTexts, salts)
}

function checkNotEmpty(leaves: readonly unknown[]): void {
  if (leaves.length === 0) throw new FormatError('no_leaves', 'a root needs at least one leaf')
}

function checkHash(hash: Uint8Array): void {
  if (hash.length !== 32) throw new FormatError('bad_hash', 'a hash must be 32 bytes')
}

function checkSalts(leafTexts: readonly string[], salts: Uint8Array): void {
  if (salts.length !== 16 * leafTexts.length) {
    throw new FormatError('bad_salts', 'salts must be 16 bytes for each leaf')
  }
}
