/** What became of the decisions reported so far. */
export interface Stats extends Counts {
  /** Reported: recorded + duplicates + rejected + lost + takenOver + waiting. */
  reported: number
  /** Neither judged by the server nor declared lost yet. */
  waiting: number
  /** On the disk now, those of earlier processes included. */
  spooled: number
}

export interface Counts {
  recorded: number
  /** Kept already by an earlier attempt. */
  duplicates: number
  rejected: number
  lost: number
  /** Of this process, on the disk, and gone from there: another process that shares the directory sent them, and counts them as replayed. */
  takenOver: number
  /** Of earlier processes, from the disk, and judged by the server now. */
  replayed: number
  /** Requests that were answered by "not now", or not at all. */
  retries: number
}
