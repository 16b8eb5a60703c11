/** How batches are offered: as fast as the target answers, or at a fixed pace. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Acknowledgement, Sender } from './sender.ts'

export interface Load {
  /** First batch and the one after the last. */
  from: number
  to: number
  connections: number
  /** Batches per second; absent: each connection sends its next batch as soon as the last one is acknowledged. */
  batchesPerSecond?: number
}

export interface Acknowledged extends Acknowledgement {
  /** When it was acknowledged, on the clock of `performance.now()`. */
  atMs: number
  /** From the moment the batch was sent, or at a fixed pace should have been sent, to its acknowledgement. */
  latencyMs: number
}

/** Sends all batches and returns their acknowledgements in the order they came; `seen` hears of each at once. */
export async function offer(
  sender: Sender,
  load: Load,
  seen: (one: Acknowledged) => void = () => {},
): Promise<Acknowledged[]> {
  const startMs = performance.now()
  const all: Acknowledged[] = []
  let next = load.from
  const work = async (): Promise<void> => {
    while (next < load.to) {
      const batch = next
      next += 1
      const one = await timed(sender, batch, await dueMs(load, batch, startMs))
      all.push(one)
      seen(one)
    }
  }
  await Promise.all(Array.from({ length: load.connections }, work))
  return all
}

/**
 * At a fixed pace a batch counts as sent when it was due, even if no connection was free by then: otherwise a target
 * that stalls would also stop the clock that should have caught it.
 */
async function dueMs(load: Load, batch: number, startMs: number): Promise<number> {
  if (load.batchesPerSecond === undefined) return performance.now()
  const due = startMs + ((batch - load.from) / load.batchesPerSecond) * 1000
  const waitMs = due - performance.now()
  if (waitMs > 0) await sleep(waitMs)
  return due
}

async function timed(sender: Sender, batch: number, sinceMs: number): Promise<Acknowledged> {
  const acknowledgement = await sender.send(batch)
  const atMs = performance.now()
  return { ...acknowledgement, atMs, latencyMs: atMs - sinceMs }
}
