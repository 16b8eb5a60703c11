/**
 * Checks a bundle from its text alone, with the trust of whoever asks. Every entry is judged for itself, so
 * that one changed entry does not hide what the others show.
 */
import { parseBundle } from '../bundle.ts'
import type { Bundle, BundleEntry, BundlePayload, Tombstone } from '../bundle.ts'
import { equalBytes, fromHex, utf8 } from '../bytes.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { decodeEntry } from '../entry.ts'
import type { Entry } from '../entry.ts'
import { openedSetRoot } from '../erasure.ts'
import { FormatError } from '../error.ts'
import { leafHashes } from '../hash/sha256.ts'
import type { Ed25519Verify } from '../note.ts'
import { KnownNodes } from '../tree/known-nodes.ts'
import type { Trust } from '../trust.ts'
import { finding, reportOf } from '../verdict.ts'
import type { Finding, VerifyReport } from '../verdict.ts'
import { judgeAnchors } from './anchored.ts'
import { timeFindings } from './contradiction.ts'
import type { EntryTime } from './interval.ts'
import { verifyDisclosure } from './disclosure.ts'
import { setRootIn, statesDeletion } from './erasure.ts'
import type { DisclosedField } from './disclosure.ts'
import { compareBundleWithHead, readHead } from './head.ts'
import { extendTrust } from './rotation.ts'
import { verifyCheckpointNote } from './signed.ts'

/** What a bundle may be checked with. */
export interface BundleCheck {
  /** Whose signatures the reader believes; never taken from the bundle. */
  readonly trust?: Trust
  /** Known heads, each the text of a checkpoint or of saved receipts, that the bundle must not contradict. */
  readonly against?: readonly string[]
  readonly verifySignature?: Ed25519Verify
}

/** What became of the payload of one entry. */
export type PayloadState = BundlePayload['state'] | 'erasure_unproven'

/** What a bundle shows about one entry. */
export interface EntryReport {
  readonly index: number
  /** Undefined when its text is no well-formed entry. */
  readonly entry?: Entry
  /** Whether it was shown to stand at its index under the checkpoint. */
  readonly proven: boolean
  readonly payload: PayloadState
  /** The fields shown to be committed to by the entry. */
  readonly fields: readonly DisclosedField[]
  /** How many fields are not shown; undefined where that cannot be told. */
  readonly withheld?: number
  /** Their pointers, where the shape is disclosed. */
  readonly withheldPointers?: readonly string[]
  /** When it was recorded, as far as anybody outside can say. */
  readonly time?: EntryTime
}

/** The answer about a bundle. */
export interface BundleReport extends VerifyReport {
  readonly origin?: string
  readonly checkpoint?: Checkpoint & { readonly signed: boolean }
  readonly entries: readonly EntryReport[]
  /** What the exporter says; nothing vouches for it. */
  readonly statement?: Readonly<Record<string, string>>
}

/** Checks the text of a bundle. Every way of being malformed is a finding. */
export function verifyBundle(text: string, check: BundleCheck = {}): BundleReport {
  let bundle: Bundle
  try {
    bundle = parseBundle(text)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    const place = error.path === '' ? '' : ` at ${error.path}`
    return { ...reportOf([finding('error', 'bundle_malformed', `${error.message}${place}`)]), entries: [] }
  }
  return judgeBundle(bundle, check)
}

function judgeBundle(bundle: Bundle, { trust: given, against, verifySignature }: BundleCheck): BundleReport {
  const read = verifyCheckpointNote(bundle.checkpoint, undefined, verifySignature)
  const judged = judgeEntries(bundle.entries, read.stated)
  const { trust, findings: ofKeys } = followKeys(given, judged, verifySignature)
  const {
    stated,
    signed,
    findings: ofCheckpoint,
  } = verifyCheckpointNote(bundle.checkpoint, trust, verifySignature)
  const findings: Finding[] = [...ofKeys, ...ofCheckpoint]
  if (stated !== undefined && stated.origin !== bundle.origin)
    findings.push(finding('error', 'checkpoint_origin'))
  const anchors = judgeAnchors(bundle, stated, trust, verifySignature)
  const heads = (against ?? []).map((text) => readHead(text, trust, verifySignature))
  findings.push(...anchors.findings, ...judged.flatMap((entry) => entry.findings), ...orderFindings(judged))
  const entries = judged.map((entry) => withErasure(entry, judged))
  findings.push(...entries.flatMap(({ erasureFindings }) => erasureFindings), ...summary(entries))
  const shown =
    stated !== undefined && signed
      ? { checkpoint: stated, roots: anchors.roots, leaves: provenLeaves(judged) }
      : undefined
  findings.push(...heads.flatMap((head) => compareBundleWithHead(shown, head)))
  const reports = entries.map((entry) => entryReport(entry, anchors.timeOf))
  findings.push(...reports.flatMap(({ index, time }) => (time ? timeFindings(index, time) : [])))
  return {
    ...reportOf(findings, {
      entries: reports.filter(({ proven }) => proven).length,
      checkpoints:
        (signed ? 1 : 0) +
        anchors.signed +
        heads.filter((head) => head.kind === 'checkpoint' && head.signed).length,
      payloads: reports.filter(({ payload, withheld }) => payload === 'disclosed' && withheld === 0).length,
      erased: reports.filter(({ payload, proven }) => payload === 'erased' && proven).length,
    }),
    origin: bundle.origin,
    ...(stated && { checkpoint: { ...stated, signed } }),
    entries: reports,
    ...(bundle.statement && { statement: bundle.statement }),
  }
}

/** Trust followed to the keys that rotation entries of the bundle lead to. */
function followKeys(
  trust: Trust | undefined,
  judged: readonly JudgedEntry[],
  verify: Ed25519Verify | undefined,
): { trust: Trust | undefined; findings: readonly Finding[] } {
  if (trust === undefined) return { trust, findings: [] }
  const rotations = judged.flatMap(({ source, entry, proven, fields }) => {
    const statement = fields.find(({ pointer }) => pointer === '/statement')?.value
    return proven && entry?.kind === 'key.rotated' && typeof statement === 'string'
      ? [{ index: source.index, statement }]
      : []
  })
  return extendTrust(trust, rotations, verify)
}

interface JudgedEntry {
  readonly source: BundleEntry
  readonly entry: Entry | undefined
  readonly leafHash: Uint8Array
  readonly proven: boolean
  readonly fields: readonly DisclosedField[]
  readonly withheld?: number
  readonly withheldPointers?: readonly string[]
  readonly findings: readonly Finding[]
}

function judgeEntries(sources: readonly BundleEntry[], checkpoint: Checkpoint | undefined): JudgedEntry[] {
  const bytes = sources.map(({ entry }) => bytesOf(entry))
  const hashes = leafHashes(bytes.map((entry) => entry ?? new Uint8Array(0)))
  const nodes = checkpoint && new KnownNodes(checkpoint.size, checkpoint.root)
  return sources.map((source, i) => {
    const proven = nodes?.proves(hashes[i]!, source.index, source.proof) ?? false
    const decoded = decode(bytes[i])
    const disclosure = judgePayload(source, decoded.entry)
    const findings = [
      ...(proven || checkpoint === undefined ? [] : [finding('error', 'proof_inclusion')]),
      ...(decoded.entry === undefined ? [finding('error', 'entry_malformed', decoded.message)] : []),
      ...disclosure.findings,
    ].map((found) => ({ ...found, index: source.index }))
    return { source, entry: decoded.entry, leafHash: hashes[i]!, proven, ...disclosure, findings }
  })
}

function bytesOf(text: string): Uint8Array | undefined {
  return text.isWellFormed() ? utf8(text) : undefined
}

function decode(bytes: Uint8Array | undefined): { entry?: Entry; message?: string } {
  if (bytes === undefined) return {}
  try {
    return { entry: decodeEntry(bytes) }
  } catch (error) {
    if (error instanceof FormatError) return { message: error.message }
    throw error
  }
}

type JudgedPayload = Pick<JudgedEntry, 'fields' | 'withheld' | 'withheldPointers' | 'findings'>

function judgePayload({ payload }: BundleEntry, entry: Entry | undefined): JudgedPayload {
  if (payload.state === 'absent') return { fields: [], findings: [finding('gap', 'payload_missing', ABSENT)] }
  if (entry === undefined) return { fields: [], findings: [] }
  if (payload.state !== 'disclosed') return { fields: [], withheld: entry.payload.leaves - 1, findings: [] }
  const { id, payload: committed } = entry
  const { fields, withheld, withheldPointers, findings } = verifyDisclosure(
    { root: fromHex(committed.root), leaves: committed.leaves, id },
    payload.leaves,
  )
  return {
    fields,
    withheld,
    ...(withheldPointers && { withheldPointers }),
    findings: findings.filter(({ code }) => code !== 'fields_withheld'),
  }
}

const ABSENT = 'the exporter had no sealed payload to show, and no tombstone says why'

/** What two entries of one ledger cannot both be. */
function orderFindings(judged: readonly JudgedEntry[]): Finding[] {
  const findings: Finding[] = []
  const ids = new Set<string>()
  let latest = 0
  for (const { entry, source } of judged) {
    if (entry === undefined) continue
    if (entry.receivedAt < latest)
      findings.push(finding('error', 'received_at_decreases', undefined, source.index))
    if (ids.has(entry.id)) findings.push(finding('error', 'id_repeated', undefined, source.index))
    latest = Math.max(latest, entry.receivedAt)
    ids.add(entry.id)
  }
  return findings
}

interface SettledEntry extends JudgedEntry {
  readonly state: PayloadState
  readonly erasureFindings: readonly Finding[]
}

/** Opens the tombstone of an entry, where it has one, to the set of an erasure entry of the same bundle. */
function withErasure(judged: JudgedEntry, all: readonly JudgedEntry[]): SettledEntry {
  const { payload, index } = judged.source
  if (payload.state !== 'erased') return { ...judged, state: payload.state, erasureFindings: [] }
  const { tombstone } = payload
  const erasure = all.find(({ source }) => source.index === tombstone.erasure)
  const setRoot = erasure && disclosedSetRoot(erasure)
  // What an erasure speaks of was recorded before it.
  if (setRoot !== undefined && index < tombstone.erasure && opensTo(tombstone, index, setRoot)) {
    return {
      ...judged,
      state: 'erased',
      erasureFindings: [finding('info', 'payload_erased', undefined, index)],
    }
  }
  return {
    ...judged,
    state: 'erasure_unproven',
    erasureFindings: [finding('gap', 'erasure_unproven', undefined, index)],
  }
}

/** The set root that a proven entry discloses which says that content was deleted. */
function disclosedSetRoot({ entry, proven, fields }: JudgedEntry): Uint8Array | undefined {
  return proven && entry && statesDeletion(entry.kind) ? setRootIn(fields) : undefined
}

function opensTo(tombstone: Tombstone, index: number, setRoot: Uint8Array): boolean {
  const reached = openedSetRoot(tombstone, index)
  return reached !== undefined && equalBytes(reached, setRoot)
}

/** What is withheld, said once for the whole bundle. */
function summary(entries: readonly SettledEntry[]): Finding[] {
  const partly = entries.filter(({ state, withheld }) => state === 'disclosed' && (withheld ?? 0) > 0)
  const wholly = entries.filter(({ state }) => state === 'withheld')
  const fields = partly.reduce((sum, { withheld }) => sum + (withheld ?? 0), 0)
  const findings: Finding[] = []
  if (partly.length > 0) {
    const message = `${fields} field${fields === 1 ? '' : 's'} of ${records(partly.length)} not disclosed; nothing is said about their content`
    findings.push(finding('info', 'fields_withheld', message))
  }
  if (wholly.length > 0) {
    const message = `the content of ${records(wholly.length)} withheld as a whole; nothing is said about it, or whether it still exists`
    findings.push(finding('info', 'payload_withheld', message))
  }
  return findings
}

function records(count: number): string {
  return count === 1 ? '1 record' : `${count} records`
}

function provenLeaves(judged: readonly JudgedEntry[]): ReadonlyMap<number, Uint8Array> {
  return new Map(
    judged.filter(({ proven }) => proven).map(({ source, leafHash }) => [source.index, leafHash]),
  )
}

function entryReport(
  settled: SettledEntry,
  timeOf: (index: number, receivedAt: number) => EntryTime,
): EntryReport {
  const { source, entry, proven, state, fields, withheld, withheldPointers } = settled
  return {
    index: source.index,
    ...(entry && { entry }),
    proven,
    payload: state,
    fields,
    ...(withheld !== undefined && { withheld }),
    ...(withheldPointers && { withheldPointers }),
    ...(entry && proven && { time: timeOf(source.index, entry.receivedAt) }),
  }
}
