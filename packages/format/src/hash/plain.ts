/**
 * SHA-256 (FIPS 180-4) in JavaScript alone: for places that forbid WebAssembly or lack its SIMD instructions, for a
 * message on its own, and for one too large for the memory of the other engine.
 */
import type { HashEngine } from './engine.ts'

export const plainEngine: HashEngine = {
  name: 'plain',
  sha256,
  leafHashes: (entries) => entries.map((entry) => sha256(joined(0x00, entry))),
  commitLeafHashes,
  commitRoot: (leafTexts, salts) => treeRoot(0x11, commitLeafHashes(leafTexts, salts)),
  treeRoot,
}

const encoder = new TextEncoder()

function commitLeafHashes(leafTexts: readonly string[], salts: Uint8Array): Uint8Array[] {
  return leafTexts.map((text, i) =>
    sha256(joined(0x10, salts.subarray(i * 16, i * 16 + 16), encoder.encode(text))),
  )
}

/**
 * Folds leaf hashes level by level. A node without a right sibling moves up unchanged, which gives the tree of
 * RFC 6962 §2.1: every left subtree holds the largest power of two of leaves that leaves something to the right.
 */
function treeRoot(prefix: number, leafHashes: readonly Uint8Array[]): Uint8Array {
  let level = leafHashes
  while (level.length > 1) {
    const above: Uint8Array[] = []
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i]!
      const right = level[i + 1]
      above.push(right === undefined ? left : sha256(joined(prefix, left, right)))
    }
    level = above
  }
  return level[0]!.slice()
}

function joined(prefix: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 1
  for (const part of parts) length += part.length
  const message = new Uint8Array(length)
  message[0] = prefix
  let offset = 1
  for (const part of parts) {
    message.set(part, offset)
    offset += part.length
  }
  return message
}

// Nothing below yields, so one set of buffers serves every call.
const STATE = new Int32Array(8)
const SCHEDULE = new Int32Array(64)
const LAST_BLOCKS = new Uint8Array(128)

/** SHA-256 of `message`: 32 bytes. */
export function sha256(message: Uint8Array): Uint8Array {
  STATE.set(INITIAL_STATE)
  const whole = message.length - (message.length % 64)
  for (let offset = 0; offset < whole; offset += 64) compress(message, offset)
  const padded = padLastBlocks(message, whole)
  for (let offset = 0; offset < padded; offset += 64) compress(LAST_BLOCKS, offset)
  return digestOfState()
}

/**
 * Writes what follows the whole blocks: the rest of the message, 0x80, zeros, the length in bits as 64-bit big-endian
 * (FIPS 180-4 §5.1.1). Returns its length, one block or two.
 */
function padLastBlocks(message: Uint8Array, whole: number): number {
  const rest = message.length - whole
  const length = rest < 56 ? 64 : 128
  for (let i = 0; i < rest; i++) LAST_BLOCKS[i] = message[whole + i]!
  LAST_BLOCKS[rest] = 0x80
  LAST_BLOCKS.fill(0, rest + 1, length)
  let bits = message.length * 8
  for (let i = length - 1; bits > 0; i--) {
    LAST_BLOCKS[i] = bits % 256
    bits = Math.floor(bits / 256)
  }
  return length
}

function digestOfState(): Uint8Array {
  const digest = new Uint8Array(32)
  for (let i = 0; i < 32; i++) digest[i] = STATE[i >> 2]! >>> (24 - 8 * (i & 3))
  return digest
}

/** One block of 64 bytes into STATE (FIPS 180-4 §6.2.2). */
function compress(bytes: Uint8Array, offset: number): void {
  for (let t = 0; t < 16; t++) {
    const at = offset + t * 4
    SCHEDULE[t] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  }
  for (let t = 16; t < 64; t++) {
    const w15 = SCHEDULE[t - 15]!
    const w2 = SCHEDULE[t - 2]!
    const s0 = rotateRight(w15, 7) ^ rotateRight(w15, 18) ^ (w15 >>> 3)
    const s1 = rotateRight(w2, 17) ^ rotateRight(w2, 19) ^ (w2 >>> 10)
    SCHEDULE[t] = (SCHEDULE[t - 16]! + s0 + SCHEDULE[t - 7]! + s1) | 0
  }
  let a = STATE[0]!
  let b = STATE[1]!
  let c = STATE[2]!
  let d = STATE[3]!
  let e = STATE[4]!
  let f = STATE[5]!
  let g = STATE[6]!
  let h = STATE[7]!
  for (let t = 0; t < 64; t++) {
    const s1 = rotateRight(e, 6) ^ rotateRight(e, 11) ^ rotateRight(e, 25)
    const choice = g ^ (e & (f ^ g))
    const t1 = (h + s1 + choice + K[t]! + SCHEDULE[t]!) | 0
    const s0 = rotateRight(a, 2) ^ rotateRight(a, 13) ^ rotateRight(a, 22)
    const majority = b ^ ((a ^ b) & (b ^ c))
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + s0 + majority) | 0
  }
  STATE[0]! += a
  STATE[1]! += b
  STATE[2]! += c
  STATE[3]! += d
  STATE[4]! += e
  STATE[5]! += f
  STATE[6]! += g
  STATE[7]! += h
}

function rotateRight(x: number, bits: number): number {
  return (x >>> bits) | (x << (32 - bits))
}

/** FIPS 180-4 §5.3.3. */
const INITIAL_STATE = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
)

/** FIPS 180-4 §4.2.2. */
const K = Int32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
)
