/** What records take when their months are over: in Parquet files, and in archives of them. */

import { join } from 'node:path'
import { startApp } from '../../packages/server/src/app.ts'
import type { Layer } from '../../packages/server/src/cost/layer.ts'

/** Least ages at which a month moves: a corpus that is younger than this stays in the index. */
const HOT_DAYS = 1
const LATER_DAYS = 36_500

/** Bytes of an entry by the lengths of objects; undefined where nothing was old enough. */
export interface InTiers {
  readonly warm: number | undefined
  readonly cold: number | undefined
  /** What is left of it in the index, by the lengths of files. */
  readonly left: number
}

/** Moves every month that is over, first to warm and then to cold; `home` holds the data and the signer's state of a server that ended. */
export async function movedSizes(home: string): Promise<InTiers> {
  const warm = await afterMoving(home, LATER_DAYS)
  const cold = await afterMoving(home, HOT_DAYS)
  const left = warm.find(({ name }) => name === 'index')?.bytes ?? 0
  const entries = warm.find(({ name }) => name === 'keys')?.entries ?? 0
  return { warm: bytesOf(warm, 'warm'), cold: bytesOf(cold, 'cold'), left: left / entries }
}

function bytesOf(layers: readonly Layer[], name: string): number | undefined {
  const layer = layers.find((one) => one.name === name)
  return layer && layer.bytes / layer.entries
}

async function afterMoving(home: string, warmDays: number): Promise<readonly Layer[]> {
  const app = await startApp({
    directory: join(home, 'data'),
    host: '127.0.0.1',
    port: 0,
    signerDirectory: join(home, 'signer'),
    warm: { address: join(home, 'store'), hotDays: HOT_DAYS, warmDays },
    diagnose: () => undefined,
  })
  try {
    const { projection, storage } = app.ledgers.default
    await projection.moveMonths()
    return (await storage.now('default')).layers
  } finally {
    await app.close()
  }
}
