/** Where the nodes of a lineage stand: columns in the direction data go, as few crossings as a simple rule gives. */
import type { LineageEdge, LineageNode } from './life.ts'

export const NODE = { width: 176, height: 50 } as const
const GAP = { x: 64, y: 14 } as const

export interface Placed {
  readonly node: LineageNode
  readonly x: number
  readonly y: number
}

export interface Layout {
  readonly placed: readonly Placed[]
  readonly lines: readonly { readonly edge: LineageEdge; readonly path: string }[]
  readonly width: number
  readonly height: number
}

export function layoutOf(nodes: readonly LineageNode[], edges: readonly LineageEdge[]): Layout {
  const columns = ordered(columnsOf(nodes, edges), edges)
  const tallest = Math.max(1, ...columns.map((column) => column.length))
  const height = tallest * (NODE.height + GAP.y) - GAP.y
  const placed = columns.flatMap((column, x) => {
    const free = height - (column.length * (NODE.height + GAP.y) - GAP.y)
    return column.map((node, y) => ({
      node,
      x: x * (NODE.width + GAP.x),
      y: free / 2 + y * (NODE.height + GAP.y),
    }))
  })
  const byId = new Map(placed.map((one) => [one.node.id, one]))
  const lines = edges.flatMap((edge) => {
    const [from, to] = [byId.get(edge.from), byId.get(edge.to)]
    return from && to ? [{ edge, path: pathBetween(from, to) }] : []
  })
  return { placed, lines, width: columns.length * (NODE.width + GAP.x) - GAP.x, height }
}

/** Each node as far right as its longest way from a source is long; versions in one column, decisions in the last. */
function columnsOf(nodes: readonly LineageNode[], edges: readonly LineageEdge[]): LineageNode[][] {
  const ranks = new Map<string, number>()
  const rankOf = (id: string, above: ReadonlySet<string>): number => {
    const known = ranks.get(id)
    if (known !== undefined) return known
    const before = edges.filter(({ from, to }) => to === id && !above.has(from))
    const path = new Set([...above, id])
    const rank = Math.max(-1, ...before.map(({ from }) => rankOf(from, path))) + 1
    ranks.set(id, rank)
    return rank
  }
  for (const { id } of nodes) rankOf(id, new Set([id]))
  const datasets = nodes.filter(({ type }) => type === 'dataset')
  const deepest = Math.max(-1, ...datasets.map(({ id }) => ranks.get(id)!))
  const columnOf = ({ id, type }: LineageNode): number =>
    type === 'dataset' ? ranks.get(id)! : type === 'version' ? deepest + 1 : deepest + 2
  const columns = Array.from({ length: Math.max(0, ...nodes.map(columnOf)) + 1 }, (_, column) =>
    nodes.filter((node) => columnOf(node) === column),
  )
  return columns.filter((column) => column.length > 0)
}

/** In each column nodes stand by the middle of those they come from. */
function ordered(columns: readonly LineageNode[][], edges: readonly LineageEdge[]): LineageNode[][] {
  const places = new Map<string, number>()
  return columns.map((column) => {
    const middle = (id: string, i: number): number => {
      const before = edges.flatMap(({ from, to }) => (to === id ? (places.get(from) ?? []) : []))
      return before.length === 0 ? i : before.reduce((sum, place) => sum + place, 0) / before.length
    }
    const sorted = column
      .map((node, i) => ({ node, middle: middle(node.id, i) }))
      .toSorted((a, b) => a.middle - b.middle)
      .map(({ node }) => node)
    for (const [i, { id }] of sorted.entries()) places.set(id, i)
    return sorted
  })
}

function pathBetween(from: Placed, to: Placed): string {
  const [x1, y1] = [from.x + NODE.width, from.y + NODE.height / 2]
  const [x2, y2] = [to.x, to.y + NODE.height / 2]
  const bend = Math.max(24, (x2 - x1) / 2)
  return `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`
}

/** Everything on a way through one of these nodes: where it comes from, and where it goes. */
export function connectedTo(ids: readonly string[], edges: readonly LineageEdge[]): ReadonlySet<string> {
  const found = new Set(ids)
  const follow = (ends: readonly string[], step: (edge: LineageEdge) => readonly [string, string]): void => {
    for (let next = ends; next.length > 0;) {
      const reached = edges.flatMap((edge) => {
        const [from, to] = step(edge)
        return next.includes(from) && !found.has(to) ? [to] : []
      })
      for (const id of reached) found.add(id)
      next = [...new Set(reached)]
    }
  }
  follow(ids, ({ from, to }) => [from, to])
  follow(ids, ({ from, to }) => [to, from])
  return found
}
