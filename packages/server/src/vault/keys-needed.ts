/**
 * How many keys the sealed payloads of a vault need: one more than the highest key number in any of their frames. A keyring
 * that holds fewer is an older one, or lost its last frame: it must mint nothing, or a number would stand for two keys.
 */
import { FormatError } from '@deponent/format'
import type { StateStore } from '../platform/state-store.ts'
import { frameHead } from './seal.ts'
import type { Segments } from './segments.ts'

const BLOCK = 1_024

export class KeysNeeded {
  readonly #store: StateStore
  readonly #ledger: string
  /** The frames of all entries below were counted. */
  #through: number
  #count: number

  /** `store` remembers what was counted; without that every segment is read again. */
  constructor(store: StateStore, ledger: string) {
    this.#store = store
    this.#ledger = ledger
    store.run(
      'CREATE TABLE IF NOT EXISTS vault_keys (ledger TEXT PRIMARY KEY, through INTEGER, keys INTEGER) WITHOUT ROWID',
    )
    const row = store.get('SELECT through, keys FROM vault_keys WHERE ledger = ?', ledger)
    this.#through = Number(row?.through ?? 0)
    this.#count = Number(row?.keys ?? 0)
  }

  /** The number of keys needed by everything taken so far. */
  get count(): number {
    return this.#count
  }

  take(frames: readonly Uint8Array[]): void {
    for (const frame of frames) {
      for (const number of frameHead(frame).keyNumbers) this.#count = Math.max(this.#count, number + 1)
    }
  }

  /** Counts what lies in sealed segments and was not counted yet. A damaged frame says nothing and is passed over. */
  async catchUp(segments: Segments): Promise<void> {
    for (let at = this.#through; at < segments.durable(); at += BLOCK) {
      const end = Math.min(at + BLOCK, segments.durable())
      const frames = await unlessDamaged(segments.range(at, end))
      if (frames) this.take(frames)
      else {
        for (let index = at; index < end; index += 1)
          this.take((await unlessDamaged(segments.range(index, index + 1))) ?? [])
      }
    }
  }

  /** Remembers the count as that of all frames below `end`, which are in sealed segments. */
  remember(end: number): void {
    if (end <= this.#through) return
    this.#store.run(
      'INSERT OR REPLACE INTO vault_keys (ledger, through, keys) VALUES (?, ?, ?)',
      this.#ledger,
      end,
      this.#count,
    )
    this.#through = end
  }
}

async function unlessDamaged<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
