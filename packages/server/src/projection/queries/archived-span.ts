/** Time, by the records' own (`at`), that an answer leaves out because it is archived. */
export interface ArchivedSpan {
  readonly from: string
  /** Past its end. */
  readonly to: string
  /** Decisions of that time; absent where the caller may not see all of them. */
  readonly decisions?: number
}

export interface ArchivedMonth {
  /** [from, to), Unix milliseconds. */
  readonly from: number
  readonly to: number
  readonly decisions: number
}
