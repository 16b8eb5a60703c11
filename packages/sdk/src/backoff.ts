const FIRST_MS = 250
const LONGEST_MS = 30_000

/**
 * How long to wait before attempt `failures` + 1: doubling from a quarter of a second to half a minute, and a random
 * half of that so that many clients do not return together; longer when the server asked for it, up to ten minutes.
 */
export function backoffMs(failures: number, retryAfterMs = 0): number {
  const ceiling = Math.min(FIRST_MS * 2 ** Math.min(failures, 16), LONGEST_MS)
  const own = ceiling / 2 + (Math.random() * ceiling) / 2
  return Math.round(Math.max(own, Math.min(retryAfterMs, 20 * LONGEST_MS)))
}
