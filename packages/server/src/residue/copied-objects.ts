/** Every version of every object of a copy in a store: as it lies there, and its entry tiles uncompressed. What is sealed in it is `SealedStores`'. */
import { FormatError } from '@deponent/format'
import { unpackTile } from '../ledger/tile-packing.ts'
import { type ObjectStore, StoreFailure } from '../platform/object-store.ts'
import type { ResidueTally } from './report.ts'
import { type Seeker, Stream } from './seeker.ts'

export const OFFSITE = 'offsite copy'

export async function searchCopy(store: ObjectStore, seeker: Seeker, tally: ResidueTally): Promise<void> {
  try {
    for await (const { key, version, isRemoval } of store.listVersions('')) {
      const where = `${OFFSITE}, ${key}`
      tally.found(
        OFFSITE,
        seeker.inText(key).map((what) => ({ where, what: `${what}, in its name` })),
      )
      const bytes = isRemoval ? undefined : await store.get(key, { version })
      if (bytes) searchObject(bytes, where, seeker, tally)
    }
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error
    tally.notLookedAt(`${OFFSITE}: ${error.message}`)
  }
}

function searchObject(bytes: Uint8Array, where: string, seeker: Seeker, tally: ResidueTally): void {
  const stream = new Stream(seeker)
  stream.push(bytes)
  tally.looked(OFFSITE, bytes.length)
  tally.found(
    OFFSITE,
    stream.found.map((what) => ({ where, what })),
  )
  if (!where.includes('/tile/entries/')) return
  try {
    const found = seeker.in(unpackTile(bytes))
    tally.opened(OFFSITE)
    tally.found(
      OFFSITE,
      found.map((what) => ({ where, what: `${what}, compressed` })),
    )
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    tally.closed(OFFSITE)
  }
}
