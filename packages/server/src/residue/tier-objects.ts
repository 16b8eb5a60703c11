/** Objects in which months of the index lie: Parquet files, archives of them, and what tells of these; every version of each. */
import type { ObjectStore } from '../platform/object-store.ts'
import type { ResidueTally } from './report.ts'
import type { Seeker } from './seeker.ts'
import { zstdFrames } from './zstd-frames.ts'

const TIERS = ['warm', 'cold'] as const
/** Parquet pages within a file within an archive. */
const DEPTH = 2

export async function searchTiers(store: ObjectStore, seeker: Seeker, tally: ResidueTally): Promise<void> {
  for (const tier of TIERS) {
    const name = `${tier} tier`
    for await (const { isRemoval, key, version } of store.listVersions(`${tier}/`)) {
      tally.found(
        name,
        seeker.inText(key).map((what) => ({ where: key, what: `${what}, in its name` })),
      )
      const bytes = isRemoval ? undefined : await store.get(key, version === null ? {} : { version })
      if (bytes) searchObject(name, key, bytes, seeker, tally)
    }
  }
}

function searchObject(
  store: string,
  where: string,
  bytes: Uint8Array,
  seeker: Seeker,
  tally: ResidueTally,
): void {
  tally.looked(store, bytes.length)
  tally.found(
    store,
    seeker.in(bytes).map((what) => ({ where, what })),
  )
  searchInside(store, where, bytes, DEPTH, seeker, tally)
}

function searchInside(
  store: string,
  where: string,
  bytes: Uint8Array,
  depth: number,
  seeker: Seeker,
  tally: ResidueTally,
): void {
  const { contents, closed } = zstdFrames(bytes)
  tally.opened(store, contents.length)
  for (let i = 0; i < closed; i += 1) tally.closed(store)
  for (const content of contents) {
    tally.found(
      store,
      seeker.in(content).map((what) => ({ where, what: `${what}, compressed` })),
    )
    if (depth > 1) searchInside(store, where, content, depth - 1, seeker, tally)
  }
}
