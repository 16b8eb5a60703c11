/** Pointers one list of a record's `classification` has at most. */
export const POINTERS_LISTED_MAX = 256

/**
 * The pointers, each once and in order; when they are too many, the pointers of what they stand in instead. What covers more is said
 * of more than it is true of: more is kept out of an index, and more is said to be altered, never less.
 */
export function shortened(pointers: readonly string[]): string[] {
  let listed = [...new Set(pointers)].toSorted()
  while (listed.length > POINTERS_LISTED_MAX) {
    const deepest = Math.max(...listed.map(depthOf))
    listed = [
      ...new Set(listed.map((pointer) => (depthOf(pointer) === deepest ? above(pointer) : pointer))),
    ].toSorted()
  }
  return listed
}

function depthOf(pointer: string): number {
  return pointer.split('/').length - 1
}

function above(pointer: string): string {
  return pointer.slice(0, pointer.lastIndexOf('/'))
}
