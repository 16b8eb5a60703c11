/**
 * A stretch of a ledger: some tiles, with the payloads of their entries. What can be said of it without knowing what lies before is
 * found here, in whichever thread; what comes of it is plain data, and is taken in the order of the ledger.
 */
import { type Entry, equalBytes, type Finding, finding, FormatError } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import { decodeAttachment } from '../recording/attachment.ts'
import { ID_WORDS, writeIdWords } from './id-words.ts'
import { LoggedEntries, type LoggedPart } from './logged-entries.ts'
import { type Opening, type OpeningKeys, openPayload, type RecordFacts } from './payload-opening.ts'
import { StoredTiles } from './stored-tiles.ts'
import { type CheckedTile, TileCheck, type TileSummary, type WalkedEntry } from './tile-check.ts'
import { isInParts } from '../vault/parts-frame.ts'
import { isTombstone } from '../vault/tombstone.ts'
import { type NoFrame, type SegmentReading, VaultWalk } from './vault-walk.ts'

/** Where a ledger lies, and what of it is wanted; plain data. */
export interface StretchPlace {
  /** The ledger's own directory. */
  readonly directory: string
  /** The sizes whose roots are wanted, in ascending order. */
  readonly wanted: readonly number[]
  /** Without it entries alone are checked. */
  readonly vault?: {
    readonly directory: string
    readonly ledgerId: Uint8Array
    readonly firsts: readonly number[]
    readonly keys: OpeningKeys
  }
}

/** Tiles [from, to), with what the log holds of them. */
export interface Stretch {
  readonly from: number
  readonly to: number
  readonly logged: LoggedPart
}

/** An entry that says something of its emitter or of the ledger, with what its record says where it could be opened. */
export interface TellingEntry {
  readonly index: number
  readonly kind: string
  readonly receivedAt: number
  readonly emitter?: Entry['emitter']
  readonly facts?: RecordFacts
}

/** A tombstone and the set it opens to, by its root in hex. */
export interface OpenedTombstone {
  readonly index: number
  readonly set: string
  /** Whether it stands in the place of a part of a payload, of which others are left. */
  readonly isPart: boolean
}

/** What came of the payloads of a tile. */
export interface OpenedPayloads {
  /** What is said of them one by one, in their order. */
  readonly findings: readonly Finding[]
  /** What is said of entries whose payload is not there, in their order. */
  readonly missing: readonly Finding[]
  readonly opened: number
  readonly closed: number
  /** Indices of entries sealed with keys that the keyring has not got to. */
  readonly ahead: readonly number[]
  /** The tombstones that open to some set, in their order. */
  readonly erased: readonly OpenedTombstone[]
  /** Entries whose payload the log still holds though the vault has a tombstone for it. */
  readonly stillLogged: number
  /** Indices of numbered entries whose content a policy changed. */
  readonly altered: readonly number[]
}

export interface StretchTile {
  readonly summary: TileSummary
  /** The ids of all entries as numbers; zeros for an entry that is malformed. */
  readonly ids: Uint32Array<ArrayBuffer>
  readonly payloads: OpenedPayloads
  readonly telling: readonly TellingEntry[]
}

export interface CheckedStretch {
  readonly tiles: readonly StretchTile[]
  /** The vault segments that were read for it. */
  readonly segments: readonly SegmentReading[]
}

export class StretchCheck {
  readonly #disk: Disk
  readonly #place: StretchPlace
  readonly #vault: VaultWalk | undefined

  constructor(disk: Disk, place: StretchPlace) {
    const { vault } = place
    this.#disk = disk
    this.#place = place
    this.#vault = vault && new VaultWalk(disk, vault.directory, vault.ledgerId, vault.firsts)
  }

  /** Checks one stretch; not before the one asked for last is done. */
  async check({ from, to, logged: part }: Stretch): Promise<CheckedStretch> {
    const { directory, wanted } = this.#place
    const logged = LoggedEntries.ofPart(part)
    const stored = new StoredTiles(this.#disk, directory, logged)
    const tiles: StretchTile[] = []
    for await (const tile of new TileCheck(stored, logged, wanted).tiles(from, to))
      tiles.push(await this.#withPayloads(tile))
    return { tiles, segments: this.#vault?.news() ?? [] }
  }

  async #withPayloads({ summary, entries }: CheckedTile): Promise<StretchTile> {
    const frames = await this.#vault?.frames(entries[0]?.index ?? 0, entries.length)
    const payloads = new PayloadCount()
    const telling: TellingEntry[] = []
    for (const [i, walked] of entries.entries()) {
      const opening = frames && this.#opened(walked, frames[i]!, payloads)
      if (opening) payloads.take(walked.index, opening)
      const facts = opening && opening.state !== 'damaged' ? opening.facts : undefined
      if (walked.entry) noteTelling(walked.index, walked.entry, facts, telling)
    }
    const ids = new Uint32Array(entries.length * ID_WORDS)
    entries.forEach(({ entry }, i) => entry && writeIdWords(entry.id, ids, i * ID_WORDS))
    return { summary, ids, payloads: payloads.counted(), telling }
  }

  /** What comes of the payload of an entry, which lies in the vault, or beside it in the log. */
  #opened(
    { index, entry, attachment }: WalkedEntry,
    stored: Uint8Array | NoFrame,
    payloads: PayloadCount,
  ): Opening | undefined {
    if (stored === 'damaged' || !entry) return undefined
    const logged = attachment && frameBeside(index, attachment, payloads.missing)
    const frame = stored === 'absent' ? logged : stored
    if (frame && logged && isErasedIn(frame) && !equalBytes(frame, logged)) payloads.stillLogged += 1
    if (frame) return openPayload(this.#place.vault!.keys, { index, entry, frame })
    if (stored === 'absent' && !attachment)
      payloads.missing.push(finding('error', 'payload_missing', undefined, index))
    return undefined
  }
}

/** Whether something of a payload was erased. */
function isErasedIn(frame: Uint8Array): boolean {
  return isTombstone(frame) || isInParts(frame)
}

/** What came of the payloads of a tile, as they are opened. */
class PayloadCount {
  readonly missing: Finding[] = []
  stillLogged = 0
  readonly #findings: Finding[] = []
  readonly #ahead: number[] = []
  readonly #altered: number[] = []
  readonly #erased: OpenedTombstone[] = []
  #opened = 0
  #closed = 0

  take(index: number, opening: Opening): void {
    if ('partsErased' in opening)
      for (const set of opening.partsErased ?? []) this.#erased.push({ index, set, isPart: true })
    switch (opening.state) {
      case 'opened':
        this.#opened += 1
        if (opening.facts?.isAltered) this.#altered.push(index)
        return
      case 'closed':
        this.#closed += 1
        return
      case 'ahead':
        this.#ahead.push(index)
        return
      case 'erased':
        this.#erased.push({ index, set: opening.set, isPart: false })
        return
      case 'damaged':
        this.#findings.push(opening.finding)
    }
  }

  counted(): OpenedPayloads {
    return {
      findings: this.#findings,
      missing: this.missing,
      opened: this.#opened,
      closed: this.#closed,
      ahead: this.#ahead,
      altered: this.#altered,
      erased: this.#erased,
      stillLogged: this.stillLogged,
    }
  }
}

/** The payload that the log keeps beside an entry; what is no such thing is said to be damage of the log. */
function frameBeside(index: number, attachment: Uint8Array, findings: Finding[]): Uint8Array | undefined {
  try {
    return decodeAttachment(attachment).frame
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    findings.push(finding('error', 'wal_corrupt', `${error.message}, that of entry ${index}`, index))
    return undefined
  }
}

function noteTelling(
  index: number,
  { kind, receivedAt, emitter }: Entry,
  facts: RecordFacts | undefined,
  telling: TellingEntry[],
): void {
  const says = facts && (facts.own ?? facts.declared ?? facts.states ?? facts.setRoot)
  if (!emitter && !says) return
  telling.push({ index, kind, receivedAt, ...(emitter && { emitter }), ...(facts && { facts }) })
}
