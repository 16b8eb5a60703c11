/*
 * UUIDv7 (RFC 9562 §5.7) with a counter, so that ids made in one millisecond sort in the order they were made.
 *
 * Invariants: `lastMs` never decreases; two ids of one millisecond differ in their counter; when the 12-bit counter
 * is used up the time of the id moves on by a millisecond rather than repeating.
 */
const POOL_BYTES = 1024
const COUNTER_MAX = 0xfff

const pool = new Uint8Array(POOL_BYTES)
let poolAt = POOL_BYTES
let lastMs = 0
let counter = 0

/** A new id for now: unique, and sorting by time within this process. */
export function uuidv7(nowMs: number = Date.now()): string {
  const random = randomBytes(10)
  if (nowMs > lastMs) {
    lastMs = nowMs
    // Half of the counter's range is left for later ids of the same millisecond.
    counter = ((random[0]! << 8) | random[1]!) & (COUNTER_MAX >> 1)
  } else if (++counter > COUNTER_MAX) {
    lastMs += 1
    counter = 0
  }
  const time = lastMs.toString(16).padStart(12, '0')
  const sequence = counter.toString(16).padStart(3, '0')
  const tail = hex(random.subarray(2))
  const variant = ((random[2]! & 0x3f) | 0x80).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence}-${variant}${tail.slice(2, 4)}-${tail.slice(4)}`
}

/** Asking the system once per kilobyte keeps an id well below a microsecond. */
function randomBytes(count: number): Uint8Array {
  if (poolAt + count > POOL_BYTES) {
    crypto.getRandomValues(pool)
    poolAt = 0
  }
  poolAt += count
  return pool.subarray(poolAt - count, poolAt)
}

function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += (byte < 16 ? '0' : '') + byte.toString(16)
  return text
}
