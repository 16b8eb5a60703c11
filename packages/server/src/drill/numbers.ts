/** How the records of a ledger are numbered by those who sent them, and how somebody with the keys numbers them anew. */
import { EMPTY_HEAD, EpochTally, type Finding, finding, fromHex, nextHead, toHex } from '@deponent/format'
import { linkIn, STATEMENT_KINDS } from '../recording/emitter-facts.ts'
import type { Item } from './contents.ts'
import { type ContentSecrets, recordOf, reseal, type Sealing } from './sealing.ts'

/** What a source knows of its own: how far it has numbered, and the head of its chain there. */
export interface SourceState {
  slug: string
  epoch: number
  seq: number
  head: Uint8Array
}

/** A tally of each emitter and epoch, fed with the entries of a ledger. */
function tallies(secrets: ContentSecrets, items: readonly Item[]): Map<string, EpochTally> {
  const found = new Map<string, EpochTally>()
  items.forEach((item, index) => {
    const { emitter, receivedAt } = item.entry
    if (!emitter) return
    const link = linkIn(recordOf(secrets, item))
    const tally = found.get(keyOf(emitter)) ?? new EpochTally()
    found.set(keyOf(emitter), tally)
    tally.record({ seq: emitter.seq, index, receivedAt, ...(link && { link }) })
  })
  return found
}

const keyOf = ({ id, epoch }: { id: string; epoch: number }): string => `${id} ${epoch}`

/** What the sources of a true ledger know of themselves, where their chains can be followed to the end. */
export function sourcesOf(secrets: ContentSecrets, items: readonly Item[]): SourceState[] {
  return [...tallies(secrets, items)].flatMap(([key, tally]) => {
    const [slug = '', epoch] = key.split(' ')
    const { chain, last } = tally.summary()
    if (!chain.at || chain.at.seq !== last) return []
    return [{ slug, epoch: Number(epoch), seq: last, head: fromHex(chain.at.head) }]
  })
}

/** Compares a ledger with what its sources know of themselves. */
export function compareSources(
  secrets: ContentSecrets,
  items: readonly Item[],
  sources: readonly SourceState[],
): Finding[] {
  const found = tallies(secrets, items)
  return sources.flatMap(({ slug, epoch, seq, head }) => {
    const tally = found.get(keyOf({ id: slug, epoch })) ?? new EpochTally()
    const beyond = (tally.last ?? 0) > seq
    const missing = tally.missing(1, seq)
    return [
      ...(beyond
        ? [finding('error', 'emitter_head_mismatch', `${slug} numbered its records up to ${seq}`)]
        : []),
      ...missing.map(([from, to]) =>
        finding('gap', 'emitter_gap', `${slug}: ${from} to ${to} never arrived`),
      ),
      ...(tally.compare(seq, head) === 'differs' ? [finding('error', 'emitter_head_mismatch')] : []),
    ]
  })
}

/**
 * Numbers every record anew in the order they stand in, and states the heads that follow, in the records that state any: afterwards
 * nothing within the ledger tells that one is missing or new.
 */
export function renumber(sealing: Sealing, items: readonly Item[]): void {
  const standing = new Map<string, { seq: number; head: Uint8Array }>()
  let latest = ''
  for (const item of items) {
    const { emitter, kind } = item.entry
    if (emitter) {
      latest = keyOf(emitter)
      standing.set(latest, numberNext(sealing, item, standing.get(latest) ?? { seq: 0, head: EMPTY_HEAD }))
    } else if (STATEMENT_KINDS.has(kind)) restate(sealing, item, standing.get(latest))
  }
}

function numberNext(
  sealing: Sealing,
  item: Item,
  { seq, head }: { seq: number; head: Uint8Array },
): { seq: number; head: Uint8Array } {
  const record = recordOf(sealing, item)
  const link = linkIn(record)
  const emitter = { ...item.entry.emitter!, seq: seq + 1 }
  if (item.entry.emitter!.seq !== emitter.seq) {
    const sealed = { ...(record.emitter as object), seq: emitter.seq }
    reseal(sealing, item, { ...record, emitter: sealed }, { emitter })
  }
  return { seq: emitter.seq, head: link ? nextHead(head, emitter.seq, link) : head }
}

function restate(
  sealing: Sealing,
  item: Item,
  standing: { seq: number; head: Uint8Array } | undefined,
): void {
  const record = recordOf(sealing, item)
  if (!standing || record.head === undefined) return
  if (record.seq === standing.seq && record.head === toHex(standing.head)) return
  reseal(sealing, item, { ...record, seq: standing.seq, head: toHex(standing.head) })
}
