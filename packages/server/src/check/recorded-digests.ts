/** Digests of vault segments as the ledger recorded them, held against those that were read. */
import { type Finding, finding } from '@deponent/format'
import type { ErasureCircumstances } from './erasures.ts'

const BROUGHT_BACK =
  'the footer is one that was recorded earlier: the segment was rewritten since, and its older content is here again'
const DIFFERENT = 'the footer is not the one recorded in the ledger'
const REWRITTEN = 'the segment was rewritten, and its new digest is not in the ledger yet'

export class RecordedDigests {
  /** The last digest of each segment, by its first index: the one that counts. */
  readonly #last = new Map<number, string>()
  readonly #earlier = new Map<number, Set<string>>()

  /** Takes the next public record of a sealed or rewritten segment. */
  take(first: number, digest: string): void {
    const before = this.#last.get(first)
    this.#last.set(first, digest)
    if (before === undefined || before === digest) return
    const earlier = this.#earlier.get(first) ?? new Set()
    this.#earlier.set(first, earlier.add(before))
  }

  /** Whether a segment that was read is another than the ledger says. */
  differFrom(found: ReadonlyMap<number, string>): boolean {
    return [...this.#last].some(([first, digest]) => found.get(first) !== digest)
  }

  findings(found: ReadonlyMap<number, string>, { unfinished, hasGrown }: ErasureCircumstances): Finding[] {
    const findings: Finding[] = []
    for (const [first, digest] of this.#last) {
      const read = found.get(first)
      if (read === digest) continue
      if (read === undefined) {
        const message = `the vault segment of entries from ${first} is missing or unreadable`
        findings.push(finding('error', 'segment_missing', message, first))
      } else if (this.#earlier.get(first)?.has(read)) {
        findings.push(finding('error', 'segment_footer', BROUGHT_BACK, first))
      } else if (unfinished > 0 || hasGrown) {
        findings.push(finding('gap', 'erasure_pending', REWRITTEN, first))
      } else findings.push(finding('error', 'segment_footer', DIFFERENT, first))
    }
    return findings
  }
}
