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

  /** Compares everything told with the ledger as it is now. */
  async check(ledger: Ledger): Promise<void> {
    const entries = await ledger.entryRange(0, ledger.size)
    const hashes = leafHashes(entries)
    this.#checkOrder(entries)
    this.#checkRequests(entries, hashes)
    this.#checkPromises(hashes)
    this.#checkHeads(hashes)
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

  #checkOrder(entries: readonly Uint8Array[]): void {
    let before = 0
    for (const [index, entry] of entries.entries()) {
      const receivedAt = receivedAtOf(entry)
      this.#lives.must(receivedAt >= before, `receivedAt does not decrease at ${index}`)
      before = receivedAt
    }
  }

  #checkRequests(entries: readonly Uint8Array[], hashes: readonly Uint8Array[]): void {
    const places = new Map(entries.map((entry, index) => [idOf(entry), index]))
    this.#lives.must(places.size === entries.length, 'no id is there twice')
    let accounted = 0
    for (const request of this.requests) {
      const found = request.drafts.map(({ id }) => places.get(id))
      const [first] = found
      accounted += found.filter((place) => place !== undefined).length
      const isWhole = first !== undefined && found.every((place, i) => place === first + i)
      const isAbsent = found.every((place) => place === undefined)
      this.#lives.must(isWhole || isAbsent, 'a request is kept whole or not at all')
      if (request.state === 'refused') this.#lives.must(isAbsent, 'what was refused is not there')
      if (!request.appended) continue
      this.#lives.must(
        first === request.appended.first,
        `acknowledged entry ${request.appended.first} is kept`,
      )
      request.appended.leafHashes.forEach((hash, i) =>
        this.#lives.must(isSame(hash, hashes[first + i]), `entry ${first + i} is unchanged`),
      )
    }
    this.#lives.must(accounted === entries.length, 'every entry was sent by somebody')
  }

  #checkPromises(hashes: readonly Uint8Array[]): void {
    for (const { appended } of this.acknowledged()) {
      const { start, end, root } = parsePromise(parseNote(appended!.promise).text)
      const isKept = end <= hashes.length && isSame(rootOf(hashes.slice(start, end)), root)
      this.#lives.must(isKept, `the promise of ${start}..${end} is kept`)
    }
  }

  #checkHeads(hashes: readonly Uint8Array[]): void {
    this.#lives.must(this.lastHeadSize <= hashes.length, 'the ledger reaches its last checkpoint')
    const range = CompactRange.empty()
    for (let size = 0; ; size += 1) {
      const root = this.#heads.get(size)
      const isExtended = root === undefined || root === toHex(range.root())
      this.#lives.must(isExtended, `the ledger extends its checkpoint of ${size} entries`)
      if (size === hashes.length) return
      range.append(hashes[size]!)
    }
  }
}
