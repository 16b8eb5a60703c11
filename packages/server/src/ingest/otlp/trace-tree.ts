/**
 * Which spans of a trace are decisions, and to which decision every other belongs: the roll-up rule, version 1 (`docs/otel.md`).
 *
 *   1. A span that says so (`audit.decision`, `audit.decision.id`) is a decision, wherever it stands.
 *   2. Otherwise an agent, a call of a model, or a chain with one of these below it (in no declared decision) is a decision, unless something above it is one.
 *   3. Every span below a decision belongs to the nearest one above it; what has none above it belongs to none.
 *
 * The rule looks at the set of spans alone, never at the order they came in, and at what was rolled up before only as at further spans.
 */
import type { Role } from './dialects/role.ts'

export const ROLLUP_VERSION = 1

/** What the rule needs to know of a span. */
export interface TreeNode {
  readonly spanId: string
  /** Empty for none. */
  readonly parentSpanId: string
  readonly role: Role
  readonly isDeclared: boolean
}

/** How far up a decision looks for what it does not say itself; decisions that nest without end would look at each other without end. */
export const ABOVE_MAX = 256

export interface TraceTree {
  /** Ids of the spans that are decisions. */
  readonly decisions: ReadonlySet<string>
  /** The decision a span belongs to, its own id for a decision; undefined where it belongs to none. */
  ownerOf(spanId: string): string | undefined
  /** Ids of what stands above a span, the nearest first, as far as it is known, at most `ABOVE_MAX`. */
  above(spanId: string): string[]
}

/** Of several nodes with one id the first counts. */
export function treeOf(nodes: readonly TreeNode[]): TraceTree {
  const byId = new Map<string, TreeNode>()
  for (const node of nodes) if (!byId.has(node.spanId)) byId.set(node.spanId, node)
  const parents = parentsOf(byId)
  const downwards = fromTheTop(byId, parents)
  const deciding = withDecidingBelow(byId, parents, downwards)
  const owners = new Map<string, string | undefined>()
  const decisions = new Set<string>()
  for (const id of downwards) {
    const node = byId.get(id)!
    const parent = parents.get(id)
    const owner = parent === undefined ? undefined : owners.get(parent)
    const isDecision = node.isDeclared || (owner === undefined && mayDecide(node, deciding))
    if (isDecision) decisions.add(id)
    owners.set(id, isDecision ? id : owner)
  }
  return { decisions, ownerOf: (spanId) => owners.get(spanId), above: (spanId) => lineAbove(parents, spanId) }
}

function mayDecide({ spanId, role }: TreeNode, deciding: ReadonlySet<string>): boolean {
  return isOfItself(role) || (role === 'chain' && deciding.has(spanId))
}

const isOfItself = (role: Role): boolean => role === 'agent' || role === 'model'

type Parents = ReadonlyMap<string, string>

/** The parent of each span that has one among these; where spans go round in a circle, the smallest id of them has none. */
function parentsOf(byId: ReadonlyMap<string, TreeNode>): Parents {
  const parents = new Map<string, string>()
  for (const { spanId, parentSpanId } of byId.values())
    if (byId.has(parentSpanId)) parents.set(spanId, parentSpanId)
  const settled = new Set<string>()
  for (const spanId of byId.keys()) {
    const line: string[] = []
    const standing = new Map<string, number>()
    for (let at: string | undefined = spanId; at !== undefined && !settled.has(at); at = parents.get(at)) {
      const since = standing.get(at)
      if (since !== undefined) {
        const circle = line.slice(since)
        parents.delete(circle.reduce((least, id) => (id < least ? id : least)))
        break
      }
      standing.set(at, line.length)
      line.push(at)
    }
    for (const id of line) settled.add(id)
  }
  return parents
}

/** All ids, each after that of its parent. */
function fromTheTop(byId: ReadonlyMap<string, TreeNode>, parents: Parents): string[] {
  const children = new Map<string, string[]>()
  const order: string[] = []
  for (const id of byId.keys()) {
    const parent = parents.get(id)
    const siblings = parent === undefined ? order : children.get(parent)
    if (siblings) siblings.push(id)
    else children.set(parent!, [id])
  }
  // What is added while this runs is walked as well.
  for (const id of order) for (const child of children.get(id) ?? []) order.push(child)
  return order
}

/** Ids of the spans with an agent or a call of a model below them that belongs to no declared decision in between. */
function withDecidingBelow(
  byId: ReadonlyMap<string, TreeNode>,
  parents: Parents,
  downwards: readonly string[],
): Set<string> {
  const found = new Set<string>()
  for (const id of downwards.toReversed()) {
    const { role, isDeclared } = byId.get(id)!
    const parent = parents.get(id)
    if (parent !== undefined && !isDeclared && (isOfItself(role) || found.has(id))) found.add(parent)
  }
  return found
}

function lineAbove(parents: Parents, spanId: string): string[] {
  const line: string[] = []
  for (let at = parents.get(spanId); at !== undefined && line.length < ABOVE_MAX; at = parents.get(at))
    line.push(at)
  return line
}
