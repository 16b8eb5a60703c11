/**
 * Checks the claim that an emitter has exactly the numbers from…to of an epoch. What is shown offline: each number has an entry, or a
 * declared loss, in the tree of a trusted checkpoint, and the chain through their links leads to the heads the emitter stated. That
 * no second entry carries one of the numbers needs every entry: `EmitterScan`.
 */
import { equalBytes, fromHex, toHex, utf8 } from '../bytes.ts'
import { EMPTY_HEAD } from '../emitter/chain.ts'
import type { EmitterClaim, EmitterProof, ProofItem } from './emitter-proof.ts'
import { readEmitterProof } from './emitter-proof.ts'
import { sizeOf } from '../emitter/ranges.ts'
import { EpochTally, hexDigest } from '../emitter/tally.ts'
import type { EmitterStatement, EpochSummary } from '../emitter/tally.ts'
import { decodeEntry } from '../entry.ts'
import type { Entry } from '../entry.ts'
import { FormatError } from '../error.ts'
import type { JsonValue } from '../json/value.ts'
import type { Ed25519Verify } from '../note.ts'
import { CompactRange } from '../tree/compact-range.ts'
import { verifyInclusion } from '../tree/inclusion.ts'
import { hashLeaf } from '../tree/rfc6962.ts'
import type { Trust } from '../trust.ts'
import { finding, reportOf } from '../verdict.ts'
import type { Finding, VerifyReport } from '../verdict.ts'
import { verifyDisclosure } from './disclosure.ts'
import { compareBundleWithHead, readHead } from './head.ts'
import { verifyCheckpointNote } from './signed.ts'

const WHOLE_LEDGER =
  'that no second entry carries one of these numbers is shown by the whole ledger alone; it was not read'

/** What a file showed, and what a reader of the whole ledger compares with. */
export interface ShownClaim extends EmitterClaim {
  /** Indices of the entries that were shown to carry the numbers. */
  readonly indices: ReadonlySet<number>
  readonly size: number
  readonly root: Uint8Array
}

/** An entry that was shown to be in the tree, with the fields that were disclosed of it. */
interface ShownItem {
  readonly index: number
  readonly entry: Entry
  readonly leafHash: Uint8Array
  readonly fields: ReadonlyMap<string, JsonValue>
}

/**
 * Checks the file; `shown` is there when it could be read and its checkpoint too. `scan` is what a whole ledger was found to say,
 * `against` are texts of known heads that its checkpoint must not contradict.
 */
export function verifyEmitterProof(
  text: string,
  trust?: Trust,
  verifySignature?: Ed25519Verify,
  scan?: (shown: ShownClaim) => readonly Finding[],
  against: readonly string[] = [],
): VerifyReport {
  const proof = readProof(text)
  if (proof instanceof FormatError) return reportOf([finding('error', 'proof_malformed', proof.message)])
  const checkpoint = verifyCheckpointNote(proof.checkpoint, trust, verifySignature)
  const checkpoints = checkpoint.signed ? 1 : 0
  if (checkpoint.stated === undefined) return reportOf(checkpoint.findings)
  const { origin, size, root } = checkpoint.stated
  const findings = [...checkpoint.findings]
  if (origin !== proof.origin) findings.push(finding('error', 'checkpoint_origin'))
  const show = (items: readonly ProofItem[]): ShownItem[] =>
    items.flatMap((item) => shownItem(item, size, root, findings))
  const parts = {
    declared: show([proof.declared]),
    entries: show(proof.entries),
    losses: show(proof.losses),
    heads: show(proof.heads),
  }
  findings.push(...claimFindings(proof.claim, parts))
  const indices = new Set(parts.entries.map(({ index }) => index))
  if (scan) findings.push(...scan({ ...proof.claim, indices, size, root }))
  else findings.push(finding('info', 'emitter_unproven', WHOLE_LEDGER))
  const items = Object.values(parts).flat()
  const leaves = new Map(items.map(({ index, leafHash }) => [index, leafHash]))
  const view = checkpoint.signed
    ? { checkpoint: checkpoint.stated, roots: new Map<number, Uint8Array>(), leaves }
    : undefined
  for (const text of against)
    findings.push(...compareBundleWithHead(view, readHead(text, trust, verifySignature)))
  return reportOf(findings, { entries: leaves.size, checkpoints })
}

/** The checkpoint a file rests on: up to where a ledger must be read to be compared with it; undefined when there is none to read. */
export function shownIn(text: string): ShownClaim | undefined {
  let shown: ShownClaim | undefined
  verifyEmitterProof(text, undefined, undefined, (claim) => {
    shown = claim
    return []
  })
  return shown
}

/**
 * Reads every entry of a ledger, in order, up to the size of the checkpoint, and finds numbers of the claim on entries the file did
 * not show.
 */
export class EmitterScan {
  readonly #shown: ShownClaim
  readonly #range = CompactRange.empty()
  readonly #findings: Finding[] = []
  #read = 0

  constructor(shown: ShownClaim) {
    this.#shown = shown
  }

  /** Takes the next entry; those beyond the checkpoint are passed over. */
  take(bytes: Uint8Array): void {
    const { slug, epoch, from, to, indices, size } = this.#shown
    const index = this.#read
    if (index >= size) return
    this.#read += 1
    this.#range.append(hashLeaf(bytes))
    const number = decodedNumber(bytes)
    if (number?.id !== slug || number.epoch !== epoch || number.seq < from || number.seq > to) return
    if (indices.has(index)) return
    const message = `number ${number.seq} is carried by an entry the proof leaves out`
    this.#findings.push(finding('error', 'emitter_fork', message, index))
  }

  findings(): Finding[] {
    const { size, root } = this.#shown
    if (this.#read < size) {
      const message = `the ledger was read to ${this.#read} of ${size} entries`
      return [...this.#findings, finding('gap', 'emitter_unproven', message)]
    }
    if (equalBytes(this.#range.root(), root)) return this.#findings
    return [...this.#findings, finding('error', 'root_mismatch')]
  }
}

function decodedNumber(bytes: Uint8Array): Entry['emitter'] {
  try {
    return decodeEntry(bytes).emitter
  } catch (error) {
    // Whatever it is, it is no entry of the emitter; the root says whether it belongs here.
    if (error instanceof FormatError) return undefined
    throw error
  }
}

function readProof(text: string): EmitterProof | FormatError {
  try {
    return readEmitterProof(text)
  } catch (error) {
    if (error instanceof FormatError) return error
    throw error
  }
}

const LINK = '/emitter/link'
const ERASED = 'the record is said to be erased: its link counts as far as a stated head follows from it'

function shownItem(item: ProofItem, size: number, root: Uint8Array, findings: Finding[]): ShownItem[] {
  const { index, proof, disclosed } = item
  const bytes = utf8(item.entry)
  const leafHash = hashLeaf(bytes)
  if (index >= size || !verifyInclusion(leafHash, index, size, proof, root)) {
    findings.push(finding('error', 'proof_inclusion', undefined, index))
    return []
  }
  let entry: Entry
  try {
    entry = decodeEntry(bytes)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    findings.push(finding('error', 'entry_malformed', error.message, index))
    return []
  }
  if (item.erasedLink) {
    findings.push(finding('info', 'payload_withheld', ERASED, index))
    return [{ index, entry, leafHash, fields: new Map([[LINK, toHex(item.erasedLink)]]) }]
  }
  const commitment = { root: fromHex(entry.payload.root), leaves: entry.payload.leaves, id: entry.id }
  const disclosure = verifyDisclosure(commitment, disclosed)
  findings.push(
    ...disclosure.findings
      .filter(({ code }) => code !== 'fields_withheld')
      .map(({ severity, code, message }) => finding(severity, code, message, index)),
  )
  const isShown = disclosure.findings.every(({ severity }) => severity !== 'error')
  const fields = new Map(isShown ? disclosure.fields.map(({ pointer, value }) => [pointer, value]) : [])
  return [{ index, entry, leafHash, fields }]
}

type Parts = Readonly<Record<'declared' | 'entries' | 'losses' | 'heads', readonly ShownItem[]>>

function claimFindings(claim: EmitterClaim, parts: Parts): Finding[] {
  const findings = nameFindings(claim, parts.declared)
  const foreign = parts.entries.filter(({ entry }) => !isOf(claim, entry))
  for (const { index } of foreign)
    findings.push(finding('error', 'emitter_unproven', 'an entry shown is not one of the claim', index))
  const summary = tallyOf(claim, parts).summary()
  findings.push(...summaryFindings(claim, summary))
  return findings
}

function isOf({ slug, epoch, from, to }: EmitterClaim, { emitter }: Entry): boolean {
  return emitter?.id === slug && emitter.epoch === epoch && emitter.seq >= from && emitter.seq <= to
}

function nameFindings({ emitter, slug }: EmitterClaim, [declared]: readonly ShownItem[]): Finding[] {
  const isNamed =
    declared?.entry.kind === 'emitter.declared' &&
    declared.fields.get('/name') === emitter &&
    declared.fields.get('/slug') === slug
  return isNamed ? [] : [finding('gap', 'emitter_unproven', 'the slug is not shown to be the emitter named')]
}

/** The numbers of the claim, counted and chained from what was shown. */
function tallyOf(claim: EmitterClaim, { entries, losses, heads }: Parts): EpochTally {
  const stated = heads.flatMap((item) => statementsIn(claim, item, ['emitter.heartbeat', 'emitter.closed']))
  const before = stated.find(({ seq, head }) => head !== undefined && seq === claim.from - 1)
  const begins = before?.head ? { frontier: claim.from - 1, head: before.head } : beginning(claim)
  const tally = new EpochTally({
    runs: [],
    lostRuns: [],
    losses: [],
    forkList: [],
    numbers: {},
    heads: { waiting: [], stated: [], ...toHeads(begins) },
  })
  for (const { index, entry, fields } of entries.toSorted((a, b) => a.index - b.index)) {
    if (!isOf(claim, entry)) continue
    const link = hexDigest(fields.get(LINK))
    const { emitter, receivedAt } = entry
    tally.record({ seq: emitter!.seq, index, receivedAt, ...(link && { link }) })
  }
  // After the entries: a number that arrived after all is not lost, whoever declared it so.
  for (const item of losses)
    for (const loss of statementsIn(claim, item, ['emitter.loss'])) tally.state(within(claim, loss))
  for (const { seq, head } of stated)
    if (seq !== undefined && head && seq >= claim.from && seq <= claim.to) tally.compare(seq, head)
  return tally
}

/** Where the chain of a claim begins that goes back to the beginning of its epoch. */
function beginning({ from }: EmitterClaim): { frontier: number; head: Uint8Array } | undefined {
  return from <= 1 ? { frontier: from - 1, head: EMPTY_HEAD } : undefined
}

function toHeads(
  begins: { frontier: number; head: Uint8Array } | undefined,
): { frontier: number; head: string } | object {
  return begins ? { frontier: begins.frontier, head: toHex(begins.head) } : {}
}

/** A loss cut to the numbers of the claim. */
function within({ from, to }: EmitterClaim, loss: EmitterStatement): EmitterStatement {
  const { seq = 0, seqTo = seq } = loss
  return { ...loss, seq: Math.max(from, seq), seqTo: Math.min(to, seqTo) }
}

/** What an item says about the emitter and epoch of the claim, if it is of one of the kinds. */
function statementsIn(
  { emitter, epoch, from, to }: EmitterClaim,
  { entry, fields }: ShownItem,
  kinds: readonly string[],
): EmitterStatement[] {
  const number = (pointer: string): number | undefined => {
    const value = fields.get(pointer)
    return typeof value === 'number' ? value : undefined
  }
  const seq = number('/seq')
  if (!kinds.includes(entry.kind) || seq === undefined) return []
  if (fields.get('/emitterId') !== emitter || fields.get('/epoch') !== epoch) return []
  const seqTo = number('/seqTo')
  if (entry.kind === 'emitter.loss' && ((seqTo ?? seq) < from || seq > to)) return []
  const [head, link] = ['/head', '/link'].map((pointer) => hexDigest(fields.get(pointer)))
  const reason = fields.get('/reason')
  return [
    {
      kind: entry.kind as EmitterStatement['kind'],
      receivedAt: entry.receivedAt,
      seq,
      ...(seqTo !== undefined && { seqTo }),
      ...(head && { head }),
      ...(link && { link }),
      ...(typeof reason === 'string' && { reason }),
    },
  ]
}

function summaryFindings({ from, to }: EmitterClaim, summary: EpochSummary): Finding[] {
  const { recorded, forks, duplicates, lost, chain } = summary
  const findings: Finding[] = []
  const shown = recorded - forks - duplicates
  const absent = to - from + 1 - shown - lost
  if (absent > 0)
    findings.push(finding('gap', 'emitter_gap', `${absent} numbers of the claim have neither entry nor loss`))
  if (lost > 0)
    findings.push(finding('info', 'emitter_loss', `${lost} numbers of the claim are declared lost`))
  if (forks > 0) findings.push(finding('gap', 'emitter_fork', `${forks} numbers have more than one entry`))
  if (duplicates > 0) findings.push(finding('info', 'emitter_duplicate'))
  return [...findings, ...chainFindings(to, chain, sizeOf(summary.ranges) > 0)]
}

function chainFindings(to: number, chain: EpochSummary['chain'], isAny: boolean): Finding[] {
  if (chain.state === 'differs') return [finding('error', 'emitter_head_mismatch')]
  if (!isAny) return []
  if (chain.verifiedTo === null) {
    const message = 'no stated head that the chain leads to: what the emitter hashed is not shown'
    return [finding('gap', 'emitter_unproven', message)]
  }
  if (chain.verifiedTo >= to) return []
  const message = `the chain is shown to follow up to number ${chain.verifiedTo}, the claim goes to ${to}`
  return [finding('gap', 'emitter_unproven', message)]
}
