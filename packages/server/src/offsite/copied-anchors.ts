/** The anchors of a copy, from all files of them and all versions of these, in files as a directory has them. */
import { type Anchor, type Trust, verifyCheckpointNote } from '@deponent/format'
import { anchorFileName, dayOf, decodeAnchors, joinAnchors, type Period } from '../ledger/anchor-files.ts'
import { nativeVerify } from '../ledger/signing-key.ts'
import { orNothing, type StoredCopy } from './stored-copy.ts'

const KEY = /^anchors\/\d{12}\.(\d{4}-\d\d-\d\d(?:T\d\d)?)\.jsonl$/

export interface CopiedAnchorFile {
  readonly name: string
  readonly anchors: readonly Anchor[]
}

/** Those that the ledger's keys signed, of up to `size` entries. An hour whose day is a file already goes into that. */
export async function anchorsIn(copy: StoredCopy, trust: Trust, size: number): Promise<CopiedAnchorFile[]> {
  const found = new Map<number, { anchor: Anchor; period: Period }>()
  const days = new Set(copy.keys('anchors/').flatMap((key) => KEY.exec(key)?.[1] ?? []))
  for (const key of copy.keys('anchors/').toSorted()) {
    const stated = KEY.exec(key)?.[1]
    if (stated === undefined) continue
    const period = days.has(dayOf(stated)) ? dayOf(stated) : stated
    for await (const bytes of copy.candidates(key)) {
      const anchors = orNothing(() => decodeAnchors(bytes)) ?? []
      for (const anchor of anchors.filter((each) => each.size <= size && isSigned(each, trust))) {
        const known = found.get(anchor.size)
        const joined = known ? orNothing(() => joinAnchors(known.anchor, anchor)) : anchor
        if (joined) found.set(anchor.size, { anchor: joined, period: known?.period ?? period })
      }
    }
  }
  return filesOf([...found.values()].toSorted((a, b) => a.anchor.size - b.anchor.size))
}

function isSigned({ note }: Anchor, trust: Trust): boolean {
  return verifyCheckpointNote(note, trust, nativeVerify).signed
}

/** Runs of one period, each a file: files and what is in them are in order of size. */
function filesOf(anchors: readonly { anchor: Anchor; period: Period }[]): CopiedAnchorFile[] {
  const files: { period: Period; anchors: Anchor[] }[] = []
  for (const { anchor, period } of anchors) {
    const last = files.at(-1)
    if (last?.period === period) last.anchors.push(anchor)
    else files.push({ period, anchors: [anchor] })
  }
  return files.map((file) => ({
    name: anchorFileName(file.anchors[0]!.size, file.period),
    anchors: file.anchors,
  }))
}
