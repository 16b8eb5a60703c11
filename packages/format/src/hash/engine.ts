/**
 * What a SHA-256 engine offers. There are two: `simd.ts` (WebAssembly, four messages at a time) and `plain.ts`
 * (JavaScript alone). They answer the same bytes for the same arguments; `sha256.ts` picks one when it is loaded.
 *
 * Every operation takes a whole batch, because for messages of a hundred bytes the call costs more than the hash.
 */
export interface HashEngine {
  readonly name: 'simd' | 'plain'
  /** SHA-256 of `bytes`: 32 bytes. */
  sha256(bytes: Uint8Array): Uint8Array
  /** For each entry SHA-256(0x00 ‖ entry), the leaf hash of RFC 6962 §2.1. */
  leafHashes(entries: readonly Uint8Array[]): Uint8Array[]
  /** For each text SHA-256(0x10 ‖ salt ‖ UTF-8(text)); `salts` holds 16 bytes per text. */
  commitLeafHashes(leafTexts: readonly string[], salts: Uint8Array): Uint8Array[]
  /** The root over `commitLeafHashes`, nodes being SHA-256(0x11 ‖ left ‖ right); at least one text. */
  commitRoot(leafTexts: readonly string[], salts: Uint8Array): Uint8Array
  /** The root over at least one leaf hash of 32 bytes, nodes being SHA-256(prefix ‖ left ‖ right). */
  treeRoot(prefix: number, leafHashes: readonly Uint8Array[]): Uint8Array
}
