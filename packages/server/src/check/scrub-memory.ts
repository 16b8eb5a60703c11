/** What a scrub remembers over restarts, in the state store: derived, and when it is lost a round begins anew. */
import { CompactRange, type Finding, fromBase64, toBase64 } from '@deponent/format'
import type { StateStore } from '../platform/state-store.ts'
import type { RoundState } from './scrub-round.ts'

export interface ScrubMemory {
  /** When this directory was first scrubbed, Unix ms. */
  since: number
  /** Days within which everything is to be read, as last configured. */
  days: number
  /** The round under way. */
  round?: RoundState
  /** Damage found in the round under way. */
  found: readonly Finding[]
  /** The last whole round. */
  last?: { startedAt: number; finishedAt: number; entries: number; findings: readonly Finding[] }
  /** Damage that was reported and is not known to be repaired. */
  known: readonly string[]
}

interface StoredRound extends Omit<RoundState, 'root' | 'range'> {
  root: string
  range?: { size: number; hashes: string[] }
}

const TABLE = 'CREATE TABLE IF NOT EXISTS scrub (ledger TEXT PRIMARY KEY, memory TEXT) WITHOUT ROWID'

/** What is remembered about a ledger, or undefined when nothing is. */
export function readScrub(store: StateStore, ledger: string): ScrubMemory | undefined {
  store.run(TABLE)
  const text = store.get('SELECT memory FROM scrub WHERE ledger = ?', ledger)?.memory
  if (typeof text !== 'string') return undefined
  const { round, ...rest } = JSON.parse(text) as Omit<ScrubMemory, 'round'> & { round?: StoredRound }
  return round ? { ...rest, round: roundOf(round) } : rest
}

export function writeScrub(store: StateStore, ledger: string, { round, ...rest }: ScrubMemory): void {
  const memory = round ? { ...rest, round: storedRound(round) } : rest
  store.run(TABLE)
  store.run('INSERT OR REPLACE INTO scrub (ledger, memory) VALUES (?, ?)', ledger, JSON.stringify(memory))
}

function roundOf({ root, range, ...rest }: StoredRound): RoundState {
  const tree = range && CompactRange.of(range.size, range.hashes.map(fromBase64))
  return { ...rest, root: fromBase64(root), range: tree }
}

function storedRound({ root, range, ...rest }: RoundState): StoredRound {
  const hashes = range?.hashes().map((hash) => toBase64(hash))
  return { ...rest, root: toBase64(root), ...(range && hashes && { range: { size: range.size, hashes } }) }
}
