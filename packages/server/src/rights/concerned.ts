/** What an entry is about: a review names nobody, and says something of whom its decision is about. */
import type { ReadEntry, RecordReader } from '../recording/reader.ts'

/** Steps from an entry to what it is about that are followed: a request and a hold have fewer. */
const STEPS_MAX = 100

/** The entry, then what it is about, then what that is about. */
export async function* concernedBy(
  read: ReadEntry,
  reader: Pick<RecordReader, 'one'>,
): AsyncGenerator<ReadEntry> {
  yield read
  const seen = new Set([read.index])
  for (let { target } = read; target && !seen.has(target.index) && seen.size <= STEPS_MAX;) {
    seen.add(target.index)
    const about = await reader.one(target.index)
    yield about
    target = about.target
  }
}
