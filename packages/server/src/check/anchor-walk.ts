/** Reads the anchors of a ledger from their files and holds each against trust and against the tree that the entries make. */
import {
  type Anchor,
  type AnchorTime,
  type Checkpoint,
  entryTime,
  equalBytes,
  type Finding,
  finding,
  FormatError,
  parseCheckpoint,
  parseNote,
  timeFindings,
  type Trust,
  verifyAnchor,
} from '@deponent/format'
import { decodeAnchors, listAnchorFiles } from '../ledger/anchor-files.ts'
import { nativeVerify } from '../ledger/signing-key.ts'
import type { Disk } from '../platform/disk.ts'

/** What of a walk over the entries is compared. */
interface WalkedTree {
  readonly expectedSize: number
  readonly roots: ReadonlyMap<number, Uint8Array>
}

export class AnchorWalk {
  readonly #findings: Finding[] = []
  readonly #anchors: Anchor[] = []
  /** When the entries around the anchors say they were received: those on both sides of each size. */
  readonly #receivedAt = new Map<number, number | undefined>()

  /** Reads all anchors in `directory`; call it before the entries are read, which only become more. */
  static async open(disk: Disk, directory: string): Promise<AnchorWalk> {
    const walk = new AnchorWalk()
    const files = await listAnchorFiles(disk, directory)
    const known = new Set(files.map(({ name }) => name))
    for (const name of await disk.list(directory)) {
      // What a crash left of a file that was being written is no anchor and hides none.
      if (!known.has(name) && !name.endsWith('.tmp')) walk.#note(name, 'not a file of anchors')
    }
    for (const { name } of files) {
      const bytes = await disk.read(`${directory}/${name}`)
      if (bytes) walk.#file(name, bytes)
    }
    for (const { size } of walk.#anchors)
      for (const index of [size - 1, size]) walk.#receivedAt.set(index, undefined)
    return walk
  }

  /** Sizes whose roots are wanted. */
  get sizes(): number[] {
    return this.#anchors.map(({ size }) => size)
  }

  /** Takes each entry's own statement of its time. */
  take(index: number, receivedAt: number): void {
    if (this.#receivedAt.has(index)) this.#receivedAt.set(index, receivedAt)
  }

  /** All findings, once the entries were walked and it is known whom to trust. */
  findings(tree: WalkedTree, trust: Trust | undefined, origin: string): Finding[] {
    const findings = [...this.#findings]
    const untrusted: Finding[] = []
    const times: AnchorTime[] = []
    for (const anchor of this.#anchors) {
      if (parseCheckpoint(parseNote(anchor.note).text).origin !== origin) {
        const message = `the anchor of size ${anchor.size} is of another ledger`
        findings.push(finding('error', 'anchor_mismatch', message))
        continue
      }
      const { checkpoint, times: seen, findings: found } = verifyAnchor(anchor, trust, nativeVerify)
      untrusted.push(...found.filter(({ code }) => code === 'timestamp_untrusted'))
      findings.push(...found.flatMap((one) => aboutAnchor(one, anchor)))
      const differences = checkpoint ? compare(checkpoint, tree) : []
      findings.push(...differences)
      if (differences.length === 0) times.push(...seen)
    }
    findings.push(...this.#timeFindings(times))
    // One for all: an authority the reader does not know is nothing to act on.
    const [one] = untrusted
    if (one) findings.push(finding(one.severity, one.code, `timestamps: ${untrusted.length}; ${one.message}`))
    return findings
  }

  /** Times never decrease with the index, so what is contradicted is contradicted next to an anchor. */
  #timeFindings(times: readonly AnchorTime[]): Finding[] {
    return [...this.#receivedAt].flatMap(([index, receivedAt]) =>
      receivedAt === undefined ? [] : timeFindings(index, entryTime(index, receivedAt, times)),
    )
  }

  #file(name: string, bytes: Uint8Array): void {
    try {
      this.#anchors.push(...decodeAnchors(bytes))
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      this.#note(name, error.message)
    }
  }

  #note(name: string, message: string): void {
    this.#findings.push(finding('error', 'anchor_malformed', `anchors/${name}: ${message}`))
  }
}

/** What is said of one anchor; that nobody is trusted is said of the checkpoint already. */
function aboutAnchor({ severity, code, message }: Finding, { size }: Anchor): Finding[] {
  if (code === 'timestamp_untrusted' || code === 'trust_missing') return []
  return [finding(severity, code, `anchor of size ${size}: ${message}`)]
}

function compare({ size, root }: Checkpoint, { expectedSize, roots }: WalkedTree): Finding[] {
  if (size === 0) return []
  if (size > expectedSize) {
    const message = `an anchor shows ${size} entries, ${expectedSize} are here`
    return [finding('error', 'rolled_back', message, expectedSize)]
  }
  const found = roots.get(size)
  if (found && !equalBytes(found, root)) {
    return [finding('error', 'anchor_mismatch', `the anchor of size ${size} has another root`)]
  }
  return []
}
