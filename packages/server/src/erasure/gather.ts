/** Finds what an erasure is about: the entries sealed with the keys of a person, and the names by which their resends are known. */
import { decodeEntry } from '@deponent/format'
import type { Ledger } from '../ledger/ledger.ts'
import type { Clock } from '../platform/clock.ts'
import { markOf } from '../recording/frame-facts.ts'
import { linkIn } from '../recording/emitter-facts.ts'
import type { Marker } from '../recording/marker.ts'
import { DEFAULT_SYSTEM } from '../recording/submission.ts'
import type { Systems } from '../recording/systems.ts'
import { isInParts } from '../vault/parts-frame.ts'
import { frameHead } from '../vault/seal.ts'
import type { Vault } from '../vault/vault.ts'
import type { ErasedName } from './erasure.ts'

export interface GatheringFrom {
  ledger: Pick<Ledger, 'entryBytes'>
  vault: Vault
  systems: Systems
  marker: Marker
  clock: Clock
}

/** An entry that is to be erased. */
export interface Gathered {
  readonly index: number
  /** Whether its payload is in parts. */
  readonly isInParts: boolean
  /** The name by which a resend is known, when nothing of it will be left. */
  readonly name?: ErasedName
  /** The same when something will. */
  readonly kept?: string
  /** Link of a numbered record, 32 bytes. */
  readonly link?: Uint8Array
}

/** So many payloads are opened before others get the thread. */
const AT_ONCE = 32

/** The entries sealed with any of these keys, by each of their keys that is one of them, ascending. */
export async function gather(
  from: GatheringFrom,
  numbers: ReadonlySet<number>,
): Promise<Map<number, Gathered[]>> {
  const found = new Map<number, Gathered[]>()
  let count = 0
  for await (const { index, frame } of from.vault.sealedWith(numbers)) {
    const entry = await gathered(from, index, frame, numbers)
    for (const number of frameHead(frame).keyNumbers.filter((candidate) => numbers.has(candidate))) {
      const theirs = found.get(number) ?? []
      theirs.push(entry)
      found.set(number, theirs)
    }
    count += 1
    if (count % AT_ONCE === 0) await from.clock.sleep(0)
  }
  return found
}

async function gathered(
  { ledger, vault, systems, marker }: GatheringFrom,
  index: number,
  frame: Uint8Array,
  numbers: ReadonlySet<number>,
): Promise<Gathered> {
  const entry = decodeEntry(await ledger.entryBytes(index))
  const record = vault.record(entry, frame)
  const mark = markOf(marker, entry, record, systems.nameOf(entry.system) ?? DEFAULT_SYSTEM)
  const link = linkIn(record)
  const isWhole = frameHead(frame).keepers.every((number) => numbers.has(number))
  // A number names a record by its link, which says nothing of the content.
  const isOfContent = typeof record?.decisionId === 'string' && entry.kind === 'decision'
  return {
    index,
    isInParts: isInParts(frame),
    ...(mark && isWhole && { name: { key: mark.key, index } }),
    ...(mark && !isWhole && isOfContent && { kept: mark.key }),
    ...(link && { link }),
  }
}
