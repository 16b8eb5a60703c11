import { hashNode } from '@deponent/format'

/** The Merkle tree over the leaves of one group commit: its root and the path of every leaf, computed once. */
export interface GroupTree {
  root: Uint8Array
  /** Siblings of leaf `i`, nearest first. */
  path(i: number): Uint8Array[]
}

/** Pairs level by level, an odd last node rising unchanged: the same tree as RFC 6962's recursive definition. */
export function groupTree(leaves: readonly Uint8Array[]): GroupTree {
  const levels: (readonly Uint8Array[])[] = [leaves]
  for (let level = leaves; level.length > 1; levels.push(level)) {
    const above: Uint8Array[] = []
    for (let i = 0; i + 1 < level.length; i += 2) above.push(hashNode(level[i]!, level[i + 1]!))
    if (level.length % 2 === 1) above.push(level.at(-1)!)
    level = above
  }
  return {
    root: levels.at(-1)![0]!,
    path: (i) => {
      const path: Uint8Array[] = []
      for (const level of levels.slice(0, -1)) {
        const sibling = level[i ^ 1]
        if (sibling) path.push(sibling)
        i >>= 1
      }
      return path
    },
  }
}
