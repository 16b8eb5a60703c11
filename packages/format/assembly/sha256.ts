/*
 * SHA-256 of many small messages, four at a time (AssemblyScript; compiled by `node tools/build-wasm.ts`).
 *
 * A v128 register holds four 32-bit numbers. SHA-256 is made of nothing but 32-bit additions, shifts and logic, and
 * one message never looks at another; so four messages are hashed by the instructions of one, each in its own lane:
 *
 *              lane 0         lane 1         lane 2         lane 3
 *     a   [ a of message 5 | a of message 2 | a of message 7 | a of message 4 ]   + − ^ & act on all four at once
 *     b   [ b of message 5 | b of message 2 | b of message 7 | b of message 4 ]
 *
 * Messages differ in length, so the lanes do not march in rows of four. Each lane works through a message of its own,
 * one 64-byte block per step, and takes the next message when it is done, like four clerks before one queue. The inner
 * nodes of a tree stand in the same queue, behind the leaves. A lane that must rest works on stale bytes and nobody
 * looks at what comes out.
 *
 * Invariants
 * - Nothing is imported and memory never grows: every region has a size fixed below, and the caller keeps to it.
 * - A message is padded in MESSAGES before its first block is read; a lane reads whole blocks only.
 * - DIGESTS[i] is the hash of message i. A tree is folded in place: the node over leaves [i, j) stands in DIGESTS[i],
 *   so a node without a right sibling is carried up by leaving it where it is, and the root ends in DIGESTS[0].
 */

/** Most messages of one call. */
export const COUNT_MAX: i32 = 4096
/** Most bytes of all texts of one call together. */
export const TEXT_BYTES_MAX: i32 = 1 << 18

/** What a message has beside its text: prefix, salt, 0x80, zeros up to a whole block, the length in bits. */
const FRAME_BYTES_MAX: i32 = 1 + 16 + 1 + 63 + 8
/** Copies move 16 bytes at a time and may run past the end by as much. */
const SLACK: i32 = 16

// What the caller writes: texts one after the other without a gap, their lengths in bytes (i32), salts of 16 bytes.
export const TEXTS: usize = memory.data(TEXT_BYTES_MAX + SLACK, 64)
export const LENGTHS: usize = memory.data(COUNT_MAX * 4, 64)
export const SALTS: usize = memory.data(COUNT_MAX * 16, 64)
// What the caller reads, and writes before `foldTree`: 32 bytes each.
export const DIGESTS: usize = memory.data(COUNT_MAX * 32, 64)

const MESSAGES: usize = memory.data(TEXT_BYTES_MAX + COUNT_MAX * FRAME_BYTES_MAX + SLACK, 64)
const NODE_MESSAGES: usize = memory.data(4 * 128, 64)

// The four lanes. Every 16 bytes hold the same thing of all four, as a register does.
/** The words a to h of the hash so far. */
const STATE: usize = memory.data(8 * 16, 64)
/** The message schedule, W0 to W63. */
const SCHEDULE: usize = memory.data(64 * 16, 64)
/** Where the next block lies. */
const BLOCK: usize = memory.data(16, 16)
const BLOCKS_LEFT: usize = memory.data(16, 16)
/** Which of DIGESTS the lane works for; NONE when it rests. */
const SLOT: usize = memory.data(16, 16)

const NONE: i32 = -1

// ------------------------------------------------------------------------------------------------ what can be asked

/** DIGESTS[i] = SHA-256(prefix ‖ SALTS[i] ‖ text i) for every i < count; without the salt when saltBytes is 0, not 16. */
export function hashMessages(count: i32, prefix: i32, saltBytes: i32): void {
  queueMessages(count, prefix, saltBytes)
  queueNodes(0, 0)
  work()
}

/** As `hashMessages`, and folds the tree over them (RFC 6962 §2.1): node = SHA-256(nodePrefix ‖ left ‖ right). */
export function hashTree(count: i32, prefix: i32, saltBytes: i32, nodePrefix: i32): void {
  queueMessages(count, prefix, saltBytes)
  queueNodes(count, nodePrefix)
  work()
}

/** Folds the tree over the leaf hashes that stand in DIGESTS. */
export function foldTree(count: i32, nodePrefix: i32): void {
  queueMessages(0, 0, 0)
  queueNodes(count, nodePrefix)
  work()
}

// ---------------------------------------------------------------------------------------------- the queue: messages

let messageCount: i32
let messagePrefix: i32
let messageSaltBytes: i32
let messageNext: i32
let textNext: usize
let messageEnd: usize
/** Long messages go first: one that starts last would keep three lanes waiting. */
let takingLong: bool

const LONG_BLOCKS: i32 = 4

function queueMessages(count: i32, prefix: i32, saltBytes: i32): void {
  messageCount = count
  messagePrefix = prefix
  messageSaltBytes = saltBytes
  messageNext = 0
  textNext = TEXTS
  messageEnd = MESSAGES
  takingLong = true
}

/** Gives the next message to the lane; false when there is none. */
function takeMessage(lane: usize): bool {
  while (true) {
    while (messageNext < messageCount) {
      const i = messageNext++
      const text = textNext
      const textBytes = load<i32>(LENGTHS + (i << 2))
      textNext += textBytes
      const bytes = 1 + messageSaltBytes + textBytes
      const blocks = blocksOf(bytes)
      const isLong = blocks > LONG_BLOCKS
      if (isLong == takingLong) {
        const message = messageEnd
        messageEnd += blocks << 6
        layOut(message, i, text, textBytes)
        pad(message, bytes, blocks)
        begin(lane, i, message, blocks)
        return true
      }
    }
    if (!takingLong) return false
    takingLong = false
    messageNext = 0
    textNext = TEXTS
  }
}

/** Blocks of a message of so many bytes, with the 0x80 and the 8-byte length that follow it. */
function blocksOf(bytes: i32): i32 {
  return (bytes + 9 + 63) >>> 6
}

function layOut(message: usize, i: i32, text: usize, textBytes: i32): void {
  store<u8>(message, messagePrefix)
  if (messageSaltBytes) v128.store(message + 1, v128.load(SALTS + (i << 4)))
  const to = message + 1 + messageSaltBytes
  for (let offset = 0; offset < textBytes; offset += 16) {
    v128.store(to + offset, v128.load(text + offset))
  }
}

/** After the message: 0x80, zeros, the length in bits as 64-bit big-endian (FIPS 180-4 §5.1.1). */
function pad(message: usize, bytes: i32, blocks: i32): void {
  const end = message + (blocks << 6)
  let at = message + bytes
  store<u8>(at++, 0x80)
  while (at & 7) store<u8>(at++, 0)
  while (at < end - 8) {
    store<u64>(at, 0)
    at += 8
  }
  store<u64>(end - 8, bswap<u64>(u64(bytes) << 3))
}

// ------------------------------------------------------------------------------------------------- the queue: nodes

let leafCount: i32
let nodePrefixByte: i32
/** Leaves under a whole node of the level being made; the next node begins at leaf `nodeNext`. */
let nodeWidth: i32
let nodeNext: i32

function queueNodes(count: i32, nodePrefix: i32): void {
  leafCount = count
  nodePrefixByte = nodePrefix
  nodeWidth = 2
  nodeNext = 0
}

/** Gives the next node to the lane; false when there is none or another lane still works on one of its halves. */
function takeNode(lane: usize): bool {
  let right = nodeNext + (nodeWidth >> 1)
  if (right >= leafCount) {
    if (nodeWidth >= leafCount) return false
    nodeWidth <<= 1
    nodeNext = 0
    right = nodeWidth >> 1
  }
  if (isInWork(nodeNext) || isInWork(right)) return false
  const message = NODE_MESSAGES + (lane << 7)
  const left = nodeNext
  store<u8>(message, nodePrefixByte)
  copyDigest(message + 1, left)
  copyDigest(message + 33, right)
  pad(message, 65, 2)
  begin(lane, left, message, 2)
  nodeNext += nodeWidth
  return true
}

function isInWork(slot: i32): bool {
  const slots = v128.load(SLOT)
  return v128.any_true(i32x4.eq(slots, i32x4.splat(slot)))
}

function copyDigest(to: usize, slot: i32): void {
  const from = DIGESTS + (slot << 5)
  v128.store(to, v128.load(from))
  v128.store(to, v128.load(from, 16), 16)
}

// ------------------------------------------------------------------------------------------------------- four lanes

/** Works until the queue is empty and every lane is done. */
function work(): void {
  v128.store(SLOT, i32x4.splat(NONE))
  while (true) {
    let steps: i32 = i32.MAX_VALUE
    for (let lane: usize = 0; lane < 4; lane++) {
      if (slotOf(lane) != NONE || takeMessage(lane) || takeNode(lane)) {
        steps = min(steps, load<i32>(BLOCKS_LEFT + (lane << 2)))
      } else {
        // It reads no more blocks than the longest message has, so never past the end of MESSAGES.
        store<usize>(BLOCK + (lane << 2), MESSAGES)
      }
    }
    if (steps == i32.MAX_VALUE) return
    for (let step = 0; step < steps; step++) compress()
    v128.store(BLOCKS_LEFT, i32x4.sub(v128.load(BLOCKS_LEFT), i32x4.splat(steps)))
    for (let lane: usize = 0; lane < 4; lane++) {
      if (slotOf(lane) != NONE && load<i32>(BLOCKS_LEFT + (lane << 2)) == 0) finish(lane)
    }
  }
}

function slotOf(lane: usize): i32 {
  return load<i32>(SLOT + (lane << 2))
}

function begin(lane: usize, slot: i32, message: usize, blocks: i32): void {
  const offset = lane << 2
  store<i32>(SLOT + offset, slot)
  store<usize>(BLOCK + offset, message)
  store<i32>(BLOCKS_LEFT + offset, blocks)
  // FIPS 180-4 §5.3.3.
  const state = STATE + offset
  store<u32>(state, 0x6a09e667)
  store<u32>(state, 0xbb67ae85, 16)
  store<u32>(state, 0x3c6ef372, 32)
  store<u32>(state, 0xa54ff53a, 48)
  store<u32>(state, 0x510e527f, 64)
  store<u32>(state, 0x9b05688c, 80)
  store<u32>(state, 0x1f83d9ab, 96)
  store<u32>(state, 0x5be0cd19, 112)
}

/** Writes the lane's digest and frees the lane. */
function finish(lane: usize): void {
  const digest = DIGESTS + (slotOf(lane) << 5)
  const state = STATE + (lane << 2)
  for (let word: usize = 0; word < 8; word++) {
    store<u32>(digest + (word << 2), bswap<u32>(load<u32>(state + (word << 4))))
  }
  store<i32>(SLOT + (lane << 2), NONE)
}

// ---------------------------------------------------------------------------------------- SHA-256, FIPS 180-4 §6.2.2

/** One block of each lane into STATE. */
function compress(): void {
  for (let quarter: usize = 0; quarter < 64; quarter += 16) loadWords(quarter)
  rounds()
  v128.store(BLOCK, i32x4.add(v128.load(BLOCK), i32x4.splat(64)))
}

/**
 * Four words of each lane's block, from rows (one lane each) into columns (one word of all four lanes each):
 *
 *     p0 p1 p2 p3        p0 q0 r0 s0
 *     q0 q1 q2 q3   →    p1 q1 r1 s1
 *     r0 r1 r2 r3        p2 q2 r2 s2
 *     s0 s1 s2 s3        p3 q3 r3 s3
 */
function loadWords(quarter: usize): void {
  const p = v128.load(load<usize>(BLOCK) + quarter)
  const q = v128.load(load<usize>(BLOCK, 4) + quarter)
  const r = v128.load(load<usize>(BLOCK, 8) + quarter)
  const s = v128.load(load<usize>(BLOCK, 12) + quarter)
  const pq01 = v128.shuffle<u32>(p, q, 0, 4, 1, 5)
  const rs01 = v128.shuffle<u32>(r, s, 0, 4, 1, 5)
  const pq23 = v128.shuffle<u32>(p, q, 2, 6, 3, 7)
  const rs23 = v128.shuffle<u32>(r, s, 2, 6, 3, 7)
  const words = SCHEDULE + (quarter << 2)
  v128.store(words, bigEndian(v128.shuffle<u64>(pq01, rs01, 0, 2)))
  v128.store(words, bigEndian(v128.shuffle<u64>(pq01, rs01, 1, 3)), 16)
  v128.store(words, bigEndian(v128.shuffle<u64>(pq23, rs23, 0, 2)), 32)
  v128.store(words, bigEndian(v128.shuffle<u64>(pq23, rs23, 1, 3)), 48)
}

function bigEndian(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
}

/** From sixteen words of the schedule the seventeenth. */
function expand(w: usize): void {
  const s0 = smallSigma0(v128.load(w, 1 * 16))
  const s1 = smallSigma1(v128.load(w, 14 * 16))
  v128.store(w, add(add(v128.load(w), s0), add(v128.load(w, 9 * 16), s1)), 16 * 16)
}

function rounds(): void {
  let a = v128.load(STATE)
  let b = v128.load(STATE, 16)
  let c = v128.load(STATE, 32)
  let d = v128.load(STATE, 48)
  let e = v128.load(STATE, 64)
  let f = v128.load(STATE, 80)
  let g = v128.load(STATE, 96)
  let h = v128.load(STATE, 112)
  let w = SCHEDULE
  let k = K
  for (let round = 0; round < 64; round += 8) {
    // A round changes two words and moves each into the next name; eight rounds bring every name back to its place.
    h = t1(h, e, f, g, w, k)
    d = add(d, h)
    h = add(h, t2(a, b, c))
    g = t1(g, d, e, f, w + 16, k + 4)
    c = add(c, g)
    g = add(g, t2(h, a, b))
    f = t1(f, c, d, e, w + 32, k + 8)
    b = add(b, f)
    f = add(f, t2(g, h, a))
    e = t1(e, b, c, d, w + 48, k + 12)
    a = add(a, e)
    e = add(e, t2(f, g, h))
    d = t1(d, a, b, c, w + 64, k + 16)
    h = add(h, d)
    d = add(d, t2(e, f, g))
    c = t1(c, h, a, b, w + 80, k + 20)
    g = add(g, c)
    c = add(c, t2(d, e, f))
    b = t1(b, g, h, a, w + 96, k + 24)
    f = add(f, b)
    b = add(b, t2(c, d, e))
    a = t1(a, f, g, h, w + 112, k + 28)
    e = add(e, a)
    a = add(a, t2(b, c, d))
    // Eight words ahead of their use: the processor does this while it waits for the chain of additions above.
    if (round < 48) for (let ahead: usize = 0; ahead < 8 * 16; ahead += 16) expand(w + ahead)
    w += 8 * 16
    k += 8 * 4
  }
  v128.store(STATE, add(v128.load(STATE), a))
  v128.store(STATE, add(v128.load(STATE, 16), b), 16)
  v128.store(STATE, add(v128.load(STATE, 32), c), 32)
  v128.store(STATE, add(v128.load(STATE, 48), d), 48)
  v128.store(STATE, add(v128.load(STATE, 64), e), 64)
  v128.store(STATE, add(v128.load(STATE, 80), f), 80)
  v128.store(STATE, add(v128.load(STATE, 96), g), 96)
  v128.store(STATE, add(v128.load(STATE, 112), h), 112)
}

function t1(h: v128, e: v128, f: v128, g: v128, w: usize, k: usize): v128 {
  const choice = v128.xor(g, v128.and(e, v128.xor(f, g)))
  return add(add(h, add(v128.load(w), v128.load32_splat(k))), add(bigSigma1(e), choice))
}

function t2(a: v128, b: v128, c: v128): v128 {
  // In this form a ^ b is the next round's b ^ c, which the compiler then computes once.
  const majority = v128.xor(b, v128.and(v128.xor(a, b), v128.xor(b, c)))
  return add(bigSigma0(a), majority)
}

function bigSigma0(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 2), rotateRight(x, 13)), rotateRight(x, 22))
}

function bigSigma1(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 6), rotateRight(x, 11)), rotateRight(x, 25))
}

function smallSigma0(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 7), rotateRight(x, 18)), i32x4.shr_u(x, 3))
}

function smallSigma1(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 17), rotateRight(x, 19)), i32x4.shr_u(x, 10))
}

function rotateRight(x: v128, n: i32): v128 {
  return v128.or(i32x4.shr_u(x, n), i32x4.shl(x, 32 - n))
}

function add(x: v128, y: v128): v128 {
  return i32x4.add(x, y)
}

/** FIPS 180-4 §4.2.2. */
const K: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
])
