// What of the index somebody's questions may touch. It is handed in by whoever knows who asks: the index knows nobody.

/** A part of the records: those of some systems, of some time. */
export interface Box {
  /** Absent: of every system. Empty: of none. */
  readonly systems?: readonly string[]
  /** Milliseconds since the epoch, half-open, of the record's own time (`at`). */
  readonly from?: number
  readonly to?: number
}

/** What of the index a question may touch. */
export interface Restriction {
  /** Absent: everything. Empty: nothing. A record in any of the boxes may be touched. */
  readonly boxes?: readonly Box[]
  /** Pseudonyms whose records alone may be touched; absent: everybody's. */
  readonly subjects?: readonly string[]
  /** Pseudonyms whose records must not be touched; absent: nobody's. */
  readonly except?: readonly string[]
  /** Whether a column (`userId`, `subject` …) or feature (`feature.race`) must be neither shown nor asked about. */
  withholds(name: string): boolean
  /** Least number of decisions a group must have to be shown; absent: every group is. */
  readonly smallCells?: number
}

/** For the server's own questions, and for whoever may see everything. */
export const UNRESTRICTED: Restriction = { withholds: () => false }

/** Whether every record may be touched; columns may be withheld all the same. */
export function reachesEverything({ boxes, except, subjects }: Restriction): boolean {
  return boxes === undefined && subjects === undefined && except === undefined
}

/** One text for restrictions that allow the same; `names` are those that withholding is told of. */
export function restrictionText(restriction: Restriction, names: readonly string[]): string {
  const { boxes, except, subjects, smallCells } = restriction
  const withheld = names.filter((name) => restriction.withholds(name)).toSorted()
  return JSON.stringify({
    boxes: boxes?.map(({ systems, from, to }) => JSON.stringify([systems?.toSorted(), from, to])).toSorted(),
    subjects: subjects?.toSorted(),
    except: except?.toSorted(),
    smallCells,
    withheld,
  })
}
