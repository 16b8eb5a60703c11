/** Pointers one list of a record's `classification` has at most. */
export const POINTERS_LISTED_MAX = 256

/**
 * The pointers, each once and in order; when they are too many, the pointers of what they stand in instead. What covers more is said
 * of more than it is true of: more is kept out of an index, and more is said to be altered, never less.
 */
export function shortened(pointers: readonly string[]): string[] {
  let listed = [...new Set(pointers)].toSorted()
  while (listed.length > POINTERS_LISTED_MAX) {
    const deepest = listed.reduce((depth, pointer) => Math.max(depth, depthOf(pointer)), 0)
    listed = [
      ...new Set(listed.map((pointer) => (depthOf(pointer) === deepest ? above(pointer) : pointer))),
    ].toSorted()
  }
  return listed
}

/**
 * What is sealed, and the exceptions, as far as they are listed: those that stand highest first. What stands above an exception would
 * open more than was declared, so the rest stay sealed, and so do those that cover what is sealed and no longer listed itself.
 */
export function shortenedSeals(
  sealed: readonly string[],
  queryable: readonly string[],
): { sealed: string[]; queryable: string[] } {
  const listed = shortened(sealed)
  const open = new Set(queryable)
  const isListed = new Set(listed)
  for (const pointer of sealed)
    if (!isListed.has(pointer)) for (let at = pointer; at !== ''; at = above(at)) open.delete(at)
  const byDepth = [...open].toSorted().toSorted((a, b) => depthOf(a) - depthOf(b))
  return { sealed: listed, queryable: byDepth.slice(0, POINTERS_LISTED_MAX).toSorted() }
}

function depthOf(pointer: string): number {
  return pointer.split('/').length - 1
}

function above(pointer: string): string {
  return pointer.slice(0, pointer.lastIndexOf('/'))
}
