import { foldSubtrees } from './compact-range.ts'
import { perfectSubtrees } from './position.ts'
import type { LeafRange, NodeReader } from './position.ts'

/** The roots a proof consists of. All nodes are asked for at once, so that slow readers overlap. */
export async function subtreeRoots(ranges: readonly LeafRange[], node: NodeReader): Promise<Uint8Array[]> {
  return Promise.all(ranges.map((range) => subtreeRoot(range, node)))
}

async function subtreeRoot(range: LeafRange, node: NodeReader): Promise<Uint8Array> {
  const parts = perfectSubtrees(range)
  return foldSubtrees(await Promise.all(parts.map(async ({ level, index }) => node(level, index))))
}
