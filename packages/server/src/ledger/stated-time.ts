/** The time of an entry as the ledger itself tells it, from the anchors it keeps. Whoever doubts it verifies a bundle. */
import {
  type Anchor,
  type AnchorTime,
  cosignatureTimeS,
  entryTime,
  type EntryTime,
  parseNote,
  readTimestamp,
} from '@deponent/format'
import type { Anchors } from './anchors.ts'

/** What is read of a ledger. */
interface AnchoredLedger {
  readonly anchors: Anchors
  /** The latest checkpoint, whose cosignatures may not be kept as an anchor yet. */
  readonly checkpoint: { size: number; note: string } | undefined
}

/** The interval of entry `index`; FormatError when an anchor it would rest on cannot be read. */
export async function statedTime(
  { anchors, checkpoint }: AnchoredLedger,
  index: number,
  receivedAt: number,
): Promise<EntryTime> {
  const bounds = await anchors.bounds(index)
  if (checkpoint) bounds.push({ ...checkpoint, timestamps: [] })
  return entryTime(index, receivedAt, bounds.flatMap(statedTimes))
}

/** Cosignatures were verified before they were kept, and so was what a timestamp is of. */
function statedTimes({ size, note, timestamps }: Anchor): AnchorTime[] {
  const cosigned = parseNote(note).signatures.flatMap(({ name, signature }): AnchorTime[] => {
    const timeS = cosignatureTimeS(signature)
    if (timeS === undefined) return []
    const earliestMs = timeS * 1000
    return [{ size, earliestMs, latestMs: earliestMs + 999, source: `witness ${name}` }]
  })
  const stamped = timestamps.map((token): AnchorTime => {
    const { timeMs, accuracyMs, authority } = readTimestamp(token)
    const source = `timestamp ${authority}`
    return { size, earliestMs: timeMs - accuracyMs, latestMs: timeMs + accuracyMs, source }
  })
  return [...cosigned, ...stamped]
}
