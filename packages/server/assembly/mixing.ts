/*
 * Context mixing for payloads of prose (AssemblyScript; compiled by `node tools/build-wasm.ts`). What each step is, so that any language
 * can repeat it, is said in `docs/format.md`, section 12.2.
 *
 * Every bit is predicted four times: from the byte, the two and the three bytes before it, and from the word so far. A counter for each
 * of these contexts says how often the bit was 1 there; a mixer weighs the four by how well they did; an arithmetic coder
 * writes what the prediction left open. What stood in the text or its dictionary before, twenty bytes or longer, is copied.
 *
 * Invariants
 * - Nothing is imported and memory never grows; the caller keeps to the sizes below.
 * - One instance holds one primed model, and every text begins with it. Counters are not copied back for that: each group of them
 *   carries the number of the text it was last used for, and is taken from the primed ones when another text meets it first.
 */

const ORDERS: usize = 4
const GROUP_BITS: u32 = 16
const ORDER_BYTES: usize = 8 << GROUP_BITS
const GROUPS_BYTES: usize = ORDERS * ORDER_BYTES
/** A group: the number of the text, then three counters, each twelve bits of probability and four of times met. */
const FRESH_GROUP: u64 = 0x8000_8000_8000_0000
const FRESH: u16 = 0x8000

const SETS: usize = ORDERS + 1
const WEIGHTS_BYTES: usize = SETS * ORDERS * 4
const WEIGHT_FIRST: i32 = 27306
const WEIGHT_MAX: i32 = 524287
const LEARNING: i32 = 6

const MATCH_CONTEXT: usize = 6
const MATCH_BITS: u32 = 14
const MATCH_MIN: i32 = 20
const PLACES_BYTES: usize = 4 << MATCH_BITS
const LENGTH_BITS: i32 = 16
const REPEATS_BYTES: usize = 2 * (1 + LENGTH_BITS + LENGTH_BITS * LENGTH_BITS)
/** Zeros in front of all text, so that the first contexts exist. */
const MARGIN: i32 = 8

/** Most bytes to prime with, of one text, and of what one becomes. */
export const PRIME_BYTES_MAX: i32 = 32768
export const TEXT_BYTES_MAX: i32 = 32768
export const CODED_BYTES_MAX: i32 = 32768

const KNOTS: usize = memory.data<u16>([
  1, 2, 3, 6, 10, 16, 27, 45, 73, 120, 194, 310, 488, 747, 1101, 1546, 2047, 2549, 2994, 3348, 3607, 3785,
  3901, 3975, 4022, 4050, 4068, 4079, 4085, 4089, 4092, 4093, 4094,
])
const RATES: usize = memory.data(4 * 16, 64)
const SQUASH: usize = memory.data(2 * 4096, 64)
const STRETCH: usize = memory.data(2 * 4096, 64)
const WEIGHTS: usize = memory.data(i32(WEIGHTS_BYTES), 64)
const WEIGHTS_PRIMED: usize = memory.data(i32(WEIGHTS_BYTES), 64)
const REPEATS: usize = memory.data(i32(REPEATS_BYTES), 64)
const REPEATS_PRIMED: usize = memory.data(i32(REPEATS_BYTES), 64)
const PLACES: usize = memory.data(i32(PLACES_BYTES), 64)
const PLACES_PRIMED: usize = memory.data(i32(PLACES_BYTES), 64)
const TEXTS: usize = memory.data(MARGIN + PRIME_BYTES_MAX + TEXT_BYTES_MAX, 64)
export const CODED: usize = memory.data(CODED_BYTES_MAX, 64)
const GROUPS: usize = memory.data(i32(GROUPS_BYTES), 64)
const GROUPS_PRIMED: usize = memory.data(i32(GROUPS_BYTES), 64)

/** Where what to prime with is written. */
export const PRIME: usize = TEXTS + MARGIN

let textNumber: u16 = 0
let primedEnd: usize = PRIME
let primedWord: u32 = 0

/** Where the next byte of the text goes, and the hash of the letters just before it. */
let end: usize = PRIME
let word: u32 = 0

let isDecoding: bool = false
let low: u32 = 0
let high: u32 = 0xffffffff
let code: u32 = 0
let at: usize = CODED
let codedEnd: usize = CODED

// The groups of counters of one byte or part of a byte, one for each order.
let group0: usize = 0
let group1: usize = 0
let group2: usize = 0
let group3: usize = 0

/** Takes the `length` bytes at PRIME as what every text will be like. Called once. */
export function prime(length: i32): void {
  makeTables()
  for (let i: usize = 0; i < GROUPS_BYTES; i += 8) store<u64>(GROUPS_PRIMED + i, FRESH_GROUP)
  for (let i: usize = 0; i < WEIGHTS_BYTES; i += 4) store<i32>(WEIGHTS + i, WEIGHT_FIRST)
  for (let i: usize = 0; i < REPEATS_BYTES; i += 2) store<u16>(REPEATS + i, FRESH)
  textNumber = 1
  encodeTo(end + length)
  keepPrimed()
}

/** Where a text to encode is written, and a decoded one is found. */
export function textAt(): usize {
  return primedEnd
}

/** Encodes the `length` bytes at `textAt()` to CODED; how many they became. */
export function encode(length: i32): i32 {
  restart()
  isDecoding = false
  encodeTo(end + length)
  finish()
  return i32(at - CODED)
}

/** Decodes the `length` bytes at CODED to as many at `textAt()`; false when they are no coding of so long a text. */
export function decode(length: i32, textLength: i32): bool {
  restart()
  isDecoding = true
  codedEnd = CODED + length
  code = 0
  for (let i = 0; i < 4; i++) code = (code << 8) | nextCoded()
  return decodeTo(end + textLength)
}

function makeTables(): void {
  for (let met: usize = 0; met < 16; met++) store<u32>(RATES + 4 * met, 655360 / (10 * u32(met) + 13))
  for (let i: i32 = 1; i < 4096; i++) {
    const knot = KNOTS + 2 * (i >> 7)
    const part = i & 127
    store<u16>(SQUASH + 2 * i, u16((load<u16>(knot) * (128 - part) + load<u16>(knot, 2) * part + 64) >> 7))
  }
  let argument: i32 = 1
  for (let probability: i32 = 0; probability < 4096; probability++) {
    while (argument < 4095 && load<u16>(SQUASH + 2 * argument) < u16(probability)) argument++
    store<i16>(STRETCH + 2 * probability, i16(argument - 2048))
  }
}

function keepPrimed(): void {
  for (let i: usize = 0; i < GROUPS_BYTES; i += 8) {
    if (load<u16>(GROUPS + i) === textNumber) store<u64>(GROUPS_PRIMED + i, load<u64>(GROUPS + i))
  }
  memory.copy(WEIGHTS_PRIMED, WEIGHTS, WEIGHTS_BYTES)
  memory.copy(REPEATS_PRIMED, REPEATS, REPEATS_BYTES)
  memory.copy(PLACES_PRIMED, PLACES, PLACES_BYTES)
  primedEnd = end
  primedWord = word
}

/** Sets everything back to what it was when primed. */
function restart(): void {
  if (textNumber === 0xffff) {
    memory.fill(GROUPS, 0, GROUPS_BYTES)
    textNumber = 0
  }
  textNumber++
  memory.copy(WEIGHTS, WEIGHTS_PRIMED, WEIGHTS_BYTES)
  memory.copy(REPEATS, REPEATS_PRIMED, REPEATS_BYTES)
  memory.copy(PLACES, PLACES_PRIMED, PLACES_BYTES)
  end = primedEnd
  word = primedWord
  low = 0
  high = 0xffffffff
  at = CODED
}

function encodeTo(textEnd: usize): void {
  while (end < textEnd) {
    const from = note()
    if (from !== 0) {
      const length = repeated(from, textEnd)
      if (flag(0, u32(length >= MATCH_MIN)) === 1) {
        codeLength(length - MATCH_MIN + 1)
        copyFrom(from, length)
        continue
      }
    }
    append(codeByte(load<u8>(end)))
  }
}

function decodeTo(textEnd: usize): bool {
  while (end < textEnd) {
    const from = note()
    if (from !== 0 && flag(0, 0) === 1) {
      const length = decodeLength() + MATCH_MIN - 1
      if (end + length > textEnd) return false
      copyFrom(from, length)
    } else {
      append(codeByte(0))
    }
  }
  return true
}

function hashed(hash: u32, value: u32): u32 {
  const mixed = (hash ^ value) * 0x2c1b3c6d
  return mixed ^ (mixed >> 15)
}

/** The place after the last bytes when they stood somewhere before, 0 when they did not; from now on that place is here. */
function note(): usize {
  let hash: u32 = 0
  for (let back: usize = 1; back <= MATCH_CONTEXT; back++) hash = hashed(hash, load<u8>(end - back))
  const slot = PLACES + 4 * (hash >> (32 - MATCH_BITS))
  const from = load<u32>(slot)
  store<u32>(slot, end)
  return from
}

function repeated(from: usize, textEnd: usize): i32 {
  let length: usize = 0
  while (end + length < textEnd && load<u8>(from + length) === load<u8>(end + length)) length++
  return i32(length)
}

function copyFrom(from: usize, length: i32): void {
  append(load<u8>(from))
  for (let i: usize = 1; i < usize(length); i++) {
    note()
    append(load<u8>(from + i))
  }
}

function append(byte: u32): void {
  store<u8>(end, u8(byte))
  end++
  const lower = byte | 32
  word = (lower >= 97 && lower <= 122) || byte >= 128 ? hashed(word, lower) : 0
}

/** A number from 1 on: how many bits follow its first, then those. */
function codeLength(value: i32): void {
  const bits = 31 - clz(value)
  for (let i = 0; i < bits; i++) flag(1 + i, 1)
  flag(1 + bits, 0)
  for (let i = bits - 1; i >= 0; i--) flag(1 + LENGTH_BITS + bits * LENGTH_BITS + i, (value >> i) & 1)
}

function decodeLength(): i32 {
  let bits = 0
  while (bits < LENGTH_BITS - 1 && flag(1 + bits, 0) === 1) bits++
  let value = 1
  for (let i = bits - 1; i >= 0; i--) value = (value << 1) | flag(1 + LENGTH_BITS + bits * LENGTH_BITS + i, 0)
  return value
}

function flag(counter: i32, bit: u32): u32 {
  const place = REPEATS + 2 * counter
  const state: u32 = load<u16>(place)
  const coded = codeBit(bit, max<u32>(1, state >> 4))
  count(place, state, coded)
  return coded
}

function count(place: usize, state: u32, bit: u32): void {
  const met = state & 15
  const probability = i32(state >> 4)
  const moved = probability + ((((bit ? 4095 : 0) - probability) * load<i32>(RATES + 4 * met)) >> 16)
  store<u16>(place, u16((moved << 4) | (met < 15 ? met + 1 : 15)))
}

function codeByte(byte: u32): u32 {
  const order1 = hashed(0, load<u8>(end - 1))
  const order2 = hashed(order1, load<u8>(end - 2))
  const order3 = hashed(order2, load<u8>(end - 3))
  let so = 1
  for (let shift = 6; shift >= 0; shift -= 2) {
    group0 = groupOf(0, hashed(order1, so))
    group1 = groupOf(1, hashed(order2, so))
    group2 = groupOf(2, hashed(order3, so))
    group3 = groupOf(3, hashed(word, so))
    const first = mixBit(2, (byte >> (shift + 1)) & 1)
    const second = mixBit(first ? 6 : 4, (byte >> shift) & 1)
    so = (so << 2) | (first << 1) | second
  }
  return so & 255
}

function groupOf(order: usize, hash: u32): usize {
  const offset = order * ORDER_BYTES + 8 * (hash >> (32 - GROUP_BITS))
  const group = GROUPS + offset
  if (load<u16>(group) !== textNumber) {
    store<u64>(group, load<u64>(GROUPS_PRIMED + offset))
    store<u16>(group, textNumber)
  }
  return group
}

function mixBit(counter: usize, bit: u32): u32 {
  const place0 = group0 + counter
  const place1 = group1 + counter
  const place2 = group2 + counter
  const place3 = group3 + counter
  const state0: u32 = load<u16>(place0)
  const state1: u32 = load<u16>(place1)
  const state2: u32 = load<u16>(place2)
  const state3: u32 = load<u16>(place3)
  const input0: i32 = load<i16>(STRETCH + 2 * (state0 >> 4))
  const input1: i32 = load<i16>(STRETCH + 2 * (state1 >> 4))
  const input2: i32 = load<i16>(STRETCH + 2 * (state2 >> 4))
  const input3: i32 = load<i16>(STRETCH + 2 * (state3 >> 4))
  const met =
    u32((state0 & 15) !== 0) + u32((state1 & 15) !== 0) + u32((state2 & 15) !== 0) + u32((state3 & 15) !== 0)
  const weights = WEIGHTS + 16 * met
  const sum =
    input0 * (load<i32>(weights) >> 2) +
    input1 * (load<i32>(weights, 4) >> 2) +
    input2 * (load<i32>(weights, 8) >> 2) +
    input3 * (load<i32>(weights, 12) >> 2)
  const mixed = min<i32>(2047, max<i32>(-2047, sum >> 14))
  const probability: u32 = load<u16>(SQUASH + 2 * (mixed + 2048))
  const coded = codeBit(bit, probability)
  const error = (i32(coded << 12) - i32(probability)) * LEARNING
  learn(weights, input0, error)
  learn(weights + 4, input1, error)
  learn(weights + 8, input2, error)
  learn(weights + 12, input3, error)
  count(place0, state0, coded)
  count(place1, state1, coded)
  count(place2, state2, coded)
  count(place3, state3, coded)
  return coded
}

function learn(place: usize, input: i32, error: i32): void {
  const weight = load<i32>(place) + ((input * error + 8192) >> 14)
  store<i32>(place, min<i32>(WEIGHT_MAX, max<i32>(-WEIGHT_MAX, weight)))
}

/** Codes one bit that is 1 with `probability` out of 4,096. */
function codeBit(bit: u32, probability: u32): u32 {
  const range = high - low
  const middle = low + (range >> 12) * probability + (((range & 4095) * probability) >> 12)
  const coded = isDecoding ? u32(code <= middle) : bit
  if (coded) high = middle
  else low = middle + 1
  while (((low ^ high) & 0xff000000) === 0) {
    if (isDecoding) code = (code << 8) | nextCoded()
    else put(high >> 24)
    low <<= 8
    high = (high << 8) | 255
  }
  return coded
}

/** What does not fit is only counted: the caller is told a length beyond what there is room for. */
function put(byte: u32): void {
  if (at < CODED + CODED_BYTES_MAX) store<u8>(at, u8(byte))
  at++
}

/** Behind the end are zeros. */
function nextCoded(): u32 {
  return at < codedEnd ? load<u8>(at++) : 0
}

/** Writes the fewest bytes that, with zeros behind them, lie between `low` and `high`. */
function finish(): void {
  for (let bytes: u32 = 0; bytes <= 4; bytes++) {
    const unit: u64 = u64(1) << (32 - 8 * bytes)
    const value = (u64(low) + unit - 1) & ~(unit - 1)
    if (value > u64(high)) continue
    for (let i: u32 = 0; i < bytes; i++) put(u32(value >> (24 - 8 * i)))
    return
  }
}
