/** What a ledger holds, taken out of its files: the form in which a drill changes it. */
import { decodeEntry, type Entry } from '@deponent/format'
import { LedgerWalk } from '../check/ledger-walk.ts'
import { VaultWalk } from '../check/vault-walk.ts'
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import type { Disk } from '../platform/disk.ts'
import { decodeAttachment } from '../recording/attachment.ts'
import type { Mark } from '../recording/marker.ts'

/** One entry with what lies beside it. */
export interface Item {
  entry: Entry
  /** Its vault frame. */
  frame: Uint8Array
  /** Its deduplication mark, while the write-ahead log still holds it. */
  mark?: Mark
  /** Its link in its emitter's chain, as long. */
  link?: Uint8Array
}

export interface Contents {
  items: Item[]
  /** The runs of entries whose frames lie in vault segments, from the first on. */
  segments: { first: number; count: number }[]
  /** The first entry that the write-ahead log still holds. */
  loggedFrom: number
}

/** Reads a ledger that was checked before; throws when it is not whole. */
export async function readContents(
  disk: Disk,
  directory: string,
  ledger: string,
  origin: string,
): Promise<Contents> {
  const ledgerId = ledgerIdOf(origin)
  const walk = await LedgerWalk.open(disk, `${directory}/ledgers/${ledger}`, ledgerId, [])
  const vault = await VaultWalk.open(disk, `${directory}/vault/${ledger}`, ledgerId)
  const contents: Contents = { items: [], segments: [], loggedFrom: walk.expectedSize }
  for await (const block of walk.entries()) {
    const bytes = await walk.range(block[0]!.index, block.at(-1)!.index + 1)
    for (const [i, { index, attachment }] of block.entries()) {
      const stored = await vault.frame(index)
      const logged = attachment && decodeAttachment(attachment)
      const frame = stored === 'absent' ? logged?.frame : stored
      if (frame === undefined || frame === 'damaged') throw new Error(`entry ${index} has no payload`)
      if (logged) contents.loggedFrom = Math.min(contents.loggedFrom, index)
      if (stored !== 'absent') noteSegment(contents.segments, index, vault)
      contents.items.push({
        entry: decodeEntry(bytes[i]!),
        frame,
        ...(logged?.mark && { mark: logged.mark }),
        ...(logged?.link && { link: logged.link }),
      })
    }
  }
  return contents
}

function noteSegment(segments: Contents['segments'], index: number, vault: VaultWalk): void {
  const last = segments.at(-1)
  if (last && !vault.digests.has(index)) last.count += 1
  else segments.push({ first: index, count: 1 })
}

/** A copy that can be changed without changing the first. */
export function copyContents({ items, segments, loggedFrom }: Contents): Contents {
  return {
    items: items.map((item) => ({ ...item })),
    segments: segments.map((segment) => ({ ...segment })),
    loggedFrom,
  }
}
