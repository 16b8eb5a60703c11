/**
 * The groups of nodes that reach each other along directed edges (strongly connected components of more than one
 * node, or of one that points at itself), each written as one shortest closed walk. Tarjan's algorithm finds the groups.
 */
export function cyclesOf(edges: readonly (readonly [string, string])[]): string[][] {
  const next = new Map<string, Set<string>>()
  for (const [from, to] of edges) next.set(from, (next.get(from) ?? new Set()).add(to))
  return componentsOf(next)
    .map((component) => closedWalk(component, next))
    .filter((walk) => walk.length > 0)
}

function componentsOf(next: ReadonlyMap<string, ReadonlySet<string>>): Set<string>[] {
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const found: Set<string>[] = []

  const visit = (node: string) => {
    order.set(node, order.size)
    low.set(node, order.get(node)!)
    stack.push(node)
    for (const target of next.get(node) ?? []) {
      if (!order.has(target)) visit(target)
      if (stack.includes(target)) low.set(node, Math.min(low.get(node)!, low.get(target)!))
    }
    if (low.get(node) === order.get(node)) found.push(new Set(stack.splice(stack.indexOf(node))))
  }

  for (const node of next.keys()) if (!order.has(node)) visit(node)
  return found
}

/** The shortest way from the first node of the component back to itself; empty when there is none. */
function closedWalk(
  component: ReadonlySet<string>,
  next: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  const start = [...component].toSorted()[0]
  if (start === undefined) return []
  const cameFrom = new Map<string, string>()
  const queue = [start]
  for (const node of queue) {
    for (const target of next.get(node) ?? []) {
      if (target === start) return walkTo(node, start, cameFrom)
      if (!component.has(target) || cameFrom.has(target)) continue
      cameFrom.set(target, node)
      queue.push(target)
    }
  }
  return []
}

function walkTo(end: string, start: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const walk = [end]
  for (let node = end; node !== start;) {
    node = cameFrom.get(node)!
    walk.unshift(node)
  }
  return walk
}
