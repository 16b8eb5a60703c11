/** Finds what an erasure is about: the entries sealed with the keys of a person, and the names by which their resends are known. */
import {
  type CanonicalRecord,
  decodeEntry,
  type Entry,
  FormatError,
  type RecordKind,
  recordTime,
} from '@deponent/format'
import type { Ledger } from '../ledger/ledger.ts'
import type { Clock } from '../platform/clock.ts'
import { markOf } from '../recording/frame-facts.ts'
import { linkIn } from '../recording/emitter-facts.ts'
import { linkedIds, linkFor } from '../recording/links.ts'
import type { Marker } from '../recording/marker.ts'
import { DEFAULT_SYSTEM } from '../recording/submission.ts'
import type { Systems } from '../recording/systems.ts'
import { isInParts, partsSealedWith } from '../vault/parts-frame.ts'
import { frameHead } from '../vault/seal.ts'
import { isTombstone } from '../vault/tombstone.ts'
import type { Vault } from '../vault/vault.ts'
import type { HeldEntry } from './held.ts'

export interface GatheringFrom {
  ledger: Pick<Ledger, 'entryBytes' | 'find'>
  vault: Vault
  systems: Systems
  marker: Marker
  clock: Clock
}

/** An entry that is to be erased, or parts of which are. */
export interface Gathered extends HeldEntry {
  readonly kind: string
  /** Its own time; Unix milliseconds. */
  readonly at: number
  /** Numbers of the keys any of which opens it. */
  readonly keepers: readonly number[]
  /** Its parts that are sealed with one of the keys that were asked for, by their digests. */
  readonly parts: readonly { readonly number: number; readonly part: Uint8Array }[]
  /** The name by which a resend is known, 16 bytes as latin1 text. */
  readonly name?: string
  /** Whether a resend is known by what it says besides; otherwise by its link, which says nothing of that. */
  readonly isKnownByContent: boolean
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

/** What erasing needs to know of the entries with these indices, ascending; those that were erased are left out. */
export async function gatherEach(from: GatheringFrom, indices: readonly number[]): Promise<Gathered[]> {
  const found: Gathered[] = []
  for (let at = 0; at < indices.length; at += AT_ONCE) {
    const some = indices.slice(at, at + AT_ONCE)
    const [first, last] = [some[0]!, some.at(-1)!]
    // What is looked for mostly stands together: read so, a segment is opened once for many.
    const frames = last - first < SPAN_MAX ? await from.vault.segments.range(first, last + 1) : undefined
    for (const index of some) {
      const frame = frames ? frames[index - first] : await from.vault.segments.frame(index)
      if (frame && !isTombstone(frame)) found.push(await gathered(from, index, frame, NONE))
    }
    await from.clock.sleep(0)
  }
  return found
}

const NONE: ReadonlySet<number> = new Set()
/** So many payloads are read at once for the few that are wanted. */
const SPAN_MAX = 512

async function gathered(
  { ledger, vault, systems, marker }: GatheringFrom,
  index: number,
  frame: Uint8Array,
  numbers: ReadonlySet<number>,
): Promise<Gathered> {
  const entry = decodeEntry(await ledger.entryBytes(index))
  const { kind, receivedAt } = entry
  const record = recordIn(vault, entry, frame)
  const system = systems.nameOf(entry.system) ?? DEFAULT_SYSTEM
  const mark = markOf(marker, entry, record, system)
  const link = linkIn(record)
  const { keepers, keyNumbers } = frameHead(frame)
  const about = await aboutOf(ledger, kind, record)
  return {
    index,
    kind,
    at: (record && recordTime(record)) ?? receivedAt,
    system,
    receivedAt,
    keepers,
    people: [...new Set(keyNumbers.flatMap((number) => vault.scopeOf(number) ?? []))],
    ...(about !== undefined && { about }),
    parts: isInParts(frame) ? partsSealedWith(frame, numbers) : [],
    isKnownByContent: typeof record?.decisionId === 'string' && kind === 'decision',
    ...(mark && { name: mark.key }),
    ...(link && { link }),
  }
}

/** Index of the decision, or of the earlier step, that a record is about. */
async function aboutOf(
  ledger: Pick<Ledger, 'find'>,
  kind: string,
  record: CanonicalRecord | undefined,
): Promise<number | undefined> {
  const relation = record && linkFor(kind as RecordKind)
  if (!relation) return undefined
  for (const id of linkedIds(record, relation)) {
    const index = await ledger.find(id)
    if (index !== undefined) return index
  }
  return undefined
}

/** Undefined too for a payload that is damaged: it is erased all the same, though nobody can tell by what name it is known. */
function recordIn(vault: Vault, entry: Entry, frame: Uint8Array): CanonicalRecord | undefined {
  try {
    return vault.record(entry, frame)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return undefined
  }
}
