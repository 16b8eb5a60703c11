/** Something an operator should know about the index. Codes are stable; no finding carries a value of a record. */
export interface ProjectionFinding {
  readonly severity: 'error' | 'gap' | 'info'
  readonly code: ProjectionFindingCode
  /** The entry it is about. */
  readonly index?: number
  readonly message: string
}

export const PROJECTION_FINDINGS = {
  projection_rejected: 'the content of an entry could not be indexed; the entry itself is kept and provable',
  projection_fields_full: 'a system has more feature names than are indexed; further ones are sealed only',
  projection_block_rebuilt: 'rows of a block of entries were missing or too many and were written again',
  projection_rebuilt: 'the index was missing or of another version and was filled again from the ledger',
} as const

export type ProjectionFindingCode = keyof typeof PROJECTION_FINDINGS

/** The newest findings, oldest first; beyond the limit the oldest are forgotten and only counted. */
export class FindingList {
  readonly #max: number
  #findings: ProjectionFinding[] = []
  #forgotten = 0

  constructor(max = 1_000) {
    this.#max = max
  }

  add(finding: ProjectionFinding): void {
    this.#findings.push(finding)
    const over = this.#findings.length - this.#max
    if (over <= 0) return
    this.#findings = this.#findings.slice(over)
    this.#forgotten += over
  }

  /** Forgets that these entries could not be indexed; they were found all the same, and still count. */
  forgetRejected(indices: ReadonlySet<number>): void {
    const kept = this.#findings.filter(
      ({ code, index }) => code !== 'projection_rejected' || index === undefined || !indices.has(index),
    )
    this.#forgotten += this.#findings.length - kept.length
    this.#findings = kept
  }

  list(): readonly ProjectionFinding[] {
    return this.#findings
  }

  /** All that were ever added since the start. */
  count(): number {
    return this.#findings.length + this.#forgotten
  }
}
