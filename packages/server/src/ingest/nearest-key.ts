/**
 * The candidate that takes the fewest edits to reach from `key`, a beginning of one counting as a single edit (`int` is
 * `integer`, not `string`); undefined only when there is no candidate.
 */
export function nearestKey(key: string, candidates: readonly string[]): string | undefined {
  let nearest: string | undefined
  let fewest = Infinity
  for (const candidate of candidates) {
    const distance = distanceBetween(key.toLowerCase(), candidate.toLowerCase())
    if (distance < fewest) {
      fewest = distance
      nearest = candidate
    }
  }
  return nearest
}

function distanceBetween(key: string, candidate: string): number {
  return key !== '' && candidate.startsWith(key)
    ? Math.min(1, candidate.length - key.length)
    : edits(key, candidate)
}

/** Levenshtein distance, one row of the matrix at a time. */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const substituted = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(substituted, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[to.length]!
}
