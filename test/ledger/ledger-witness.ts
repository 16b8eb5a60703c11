import {
  CompactRange,
  leafHashes,
  parseCheckpoint,
  parseNote,
  parsePromise,
  rootOf,
  toHex,
} from '@deponent/format'
import type { Appended, Draft, Ledger } from '../../packages/server/src/ledger/ledger.ts'
import type { Lives } from '../platform/lives.ts'

/** One append as its sender knows it. */
export interface Request {
  drafts: readonly Draft[]
  /** `refused`: the ledger said that nothing was sequenced. `unknown`: it said that it cannot tell, or died. */
  state: 'pending' | 'acknowledged' | 'refused' | 'unknown'
  appended?: Appended
}

/** A ledger that was checked. */
interface Checked {
  entries: readonly Uint8Array[]
  hashes: readonly Uint8Array[]
  ids: readonly string[]
  /** Of all entries. */
  range: CompactRange
  /** Size of the largest checkpoint compared with it. */
  headSize: number
}

/** The text between two marks of an entry, which is canonical JSON in ASCII. */
function partOf(entry: Uint8Array, before: string, after: string): string {
  const text = Buffer.from(entry.buffer, entry.byteOffset, entry.length)
  const from = text.indexOf(before) + before.length
  return text.toString('latin1', from, text.indexOf(after, from))
}

const idOf = (entry: Uint8Array): string => partOf(entry, '"id":"', '"')
const receivedAtOf = (entry: Uint8Array): number => Number(partOf(entry, '"receivedAt":', ','))

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(a, b) === 0

/** What senders and readers were told over all lives of a ledger, held against what it knows now. */
export class LedgerWitness {
  readonly requests: Request[] = []
  readonly #lives: Lives
  /** Root (hex) of every checkpoint ever shown, by size. */
  readonly #heads = new Map<number, string>()
  /** What was there at the last check, and is not hashed again while it is the same. */
  #checked: Checked = { entries: [], hashes: [], ids: [], range: CompactRange.empty(), headSize: 0 }
  readonly #kept = new Set<Request>()
  /** Size of the last checkpoint shown. */
  lastHeadSize = 0
  #lastNote = ''

  constructor(lives: Lives) {
    this.#lives = lives
  }

  /** Takes note of a published checkpoint: it never shrinks, and one size has one root. */
  sees(note: string | undefined): void {
    if (note === undefined || note === this.#lastNote) return
    const { size, root } = parseCheckpoint(parseNote(note).text)
    const known = this.#heads.get(size)
    this.#lives.must(size >= this.lastHeadSize, `no checkpoint shrinks (${this.lastHeadSize} to ${size})`)
    this.#lives.must(known === undefined || known === toHex(root), `no two roots for one size (${size})`)
    this.#heads.set(size, toHex(root))
    this.lastHeadSize = size
    this.#lastNote = note
    this.#lives.tally.add('checkpoint')
  }

  acknowledged(): Request[] {
    return this.requests.filter((request) => request.state === 'acknowledged')
  }

  /** Index after the last entry that somebody was told is kept. */
  get acknowledgedEnd(): number {
    const ends = this.acknowledged().map(({ appended }) => appended!.first + appended!.leafHashes.length)
    return Math.max(0, ...ends)
  }

  /** Compares everything told with the ledger as it is now. */
  async check(ledger: Ledger): Promise<void> {
    const entries = await ledger.entryRange(0, ledger.size)
    const before = this.#checked
    const change = entries.findIndex((entry, i) => !isSame(entry, before.entries[i]))
    const same = change < 0 ? entries.length : change
    const fresh = entries.slice(same)
    const hashes = [...before.hashes.slice(0, same), ...leafHashes(fresh)]
    const ids = [...before.ids.slice(0, same), ...fresh.map((entry) => idOf(entry))]
    this.#checkOrder(entries, same)
    const range = this.#checkHeads(hashes, same)
    if (same < before.entries.length) this.#kept.clear()
    this.#checkRequests(ids, hashes)
    this.#checked = { entries, hashes, ids, range, headSize: this.lastHeadSize }
    for (const { drafts, appended } of this.acknowledged().slice(-2))
      this.#lives.must((await ledger.find(drafts[0]!.id)) === appended!.first, 'an acknowledged id is found')
  }

  /** Compares what lies beside the entries, where `attachments[i]` belongs to entry `i`. */
  checkAttachments(attachments: readonly Uint8Array[]): void {
    for (const { drafts, appended } of this.acknowledged()) {
      drafts.forEach(({ attachment }, i) => {
        const index = appended!.first + i
        this.#lives.must(isSame(attachments[index], attachment), `the attachment of entry ${index} is kept`)
      })
    }
  }

  #checkOrder(entries: readonly Uint8Array[], from: number): void {
    let before = from > 0 ? receivedAtOf(entries[from - 1]!) : 0
    for (let index = from; index < entries.length; index += 1) {
      const receivedAt = receivedAtOf(entries[index]!)
      this.#lives.must(receivedAt >= before, `receivedAt does not decrease at ${index}`)
      before = receivedAt
    }
  }

  #checkRequests(ids: readonly string[], hashes: readonly Uint8Array[]): void {
    const places = new Map(ids.map((id, index) => [id, index]))
    this.#lives.must(places.size === ids.length, 'no id is there twice')
    let accounted = 0
    for (const request of this.requests) {
      if (this.#kept.has(request)) {
        accounted += request.drafts.length
        continue
      }
      const found = request.drafts.map(({ id }) => places.get(id))
      const [first] = found
      accounted += found.filter((place) => place !== undefined).length
      const isWhole = first !== undefined && found.every((place, i) => place === first + i)
      const isAbsent = found.every((place) => place === undefined)
      this.#lives.must(isWhole || isAbsent, 'a request is kept whole or not at all')
      if (request.state === 'refused') this.#lives.must(isAbsent, 'what was refused is not there')
      if (request.appended) this.#checkAppended(request, first, hashes)
    }
    this.#lives.must(accounted === ids.length, 'every entry was sent by somebody')
  }

  /** What was acknowledged is where it was said to be, and so is everything the promise given with it covers. */
  #checkAppended(request: Request, first: number | undefined, hashes: readonly Uint8Array[]): void {
    const appended = request.appended!
    this.#lives.must(first === appended.first, `acknowledged entry ${appended.first} is kept`)
    appended.leafHashes.forEach((hash, i) =>
      this.#lives.must(isSame(hash, hashes[first + i]), `entry ${first + i} is unchanged`),
    )
    const { start, end, root } = parsePromise(parseNote(appended.promise).text)
    const isKept = end <= hashes.length && isSame(rootOf(hashes.slice(start, end)), root)
    this.#lives.must(isKept, `the promise of ${start}..${end} is kept`)
    this.#kept.add(request)
  }

  /** The ledger extends every checkpoint that was shown; gives its range. `same` entries are as they were at the last check. */
  #checkHeads(hashes: readonly Uint8Array[], same: number): CompactRange {
    this.#lives.must(this.lastHeadSize <= hashes.length, 'the ledger reaches its last checkpoint')
    const before = this.#checked
    const isLonger = same === before.entries.length
    const newHeads = [...this.#heads.keys()].filter((size) => size > before.headSize)
    const goesOn = isLonger && newHeads.every((size) => size >= same)
    const range = goesOn ? before.range.clone() : CompactRange.empty()
    for (let size = range.size; ; size += 1) {
      const root = this.#heads.get(size)
      const isExtended = root === undefined || root === toHex(range.root())
      this.#lives.must(isExtended, `the ledger extends its checkpoint of ${size} entries`)
      if (size === hashes.length) return range
      range.append(hashes[size]!)
    }
  }
}
