import { describe, expect, test } from 'vitest'
import { lanesOf, spanOf } from '../../packages/dashboard/src/models/lanes.ts'
import type { Deployment, LineageEdge, LineageNode } from '../../packages/dashboard/src/models/life.ts'
import { connectedTo, layoutOf, NODE } from '../../packages/dashboard/src/models/lineage-layout.ts'

const dataset = (id: string): LineageNode => ({ id, type: 'dataset', datasetId: id, isRegistered: true })
const version = (id: string): LineageNode => ({
  id,
  type: 'version',
  modelId: 'm',
  modelVersion: id,
  state: 'declared',
})
const decisions = (id: string): LineageNode => ({
  id,
  type: 'decisions',
  modelId: 'm',
  modelVersion: '1',
  decisions: 1,
})
const edge = (from: string, to: string): LineageEdge => ({ from, to, type: 'transformed', entries: [] })

describe('a drawn lineage', () => {
  test('goes from left to right: data, what was made of them, versions, decisions', () => {
    const nodes = [decisions('d'), version('v'), dataset('made'), dataset('a'), dataset('b')]
    const edges = [edge('a', 'made'), edge('made', 'v'), edge('b', 'v'), edge('v', 'd')]
    const { lines, placed, width } = layoutOf(nodes, edges)
    const x = new Map(placed.map(({ node, x: at }) => [node.id, at]))
    expect(edges.every(({ from, to }) => x.get(from)! < x.get(to)!)).toBe(true)
    expect([x.get('a'), lines.length, width]).toEqual([0, 4, x.get('d')! + NODE.width])
    expect(new Set(placed.map(({ x: at, y }) => `${at} ${y}`)).size).toBe(nodes.length)
  })

  test('ends where data are made of each other', () => {
    const nodes = [dataset('a'), dataset('b'), version('v')]
    expect(layoutOf(nodes, [edge('a', 'b'), edge('b', 'a'), edge('b', 'v')]).placed).toHaveLength(3)
  })

  test('brings out what a node comes from and goes into, and not what only shares a source with it', () => {
    const edges = [edge('a', 'x'), edge('a', 'y'), edge('x', 'v'), edge('y', 'w')]
    expect([...connectedTo(['x'], edges)].toSorted()).toEqual(['a', 'v', 'x'])
  })
})

describe('drawn deployments', () => {
  const deployment = (environment: string, from: string, to: string | null): Deployment => ({
    system: 's',
    environment,
    modelVersion: '1',
    from,
    to,
    entry: from,
  })

  test('have a lane for each place, production first, on one scale up to now', () => {
    const deployments = [
      deployment('shadow', '2026-01-02T00:00:00.000Z', null),
      deployment('production', '2026-01-01T00:00:00.000Z', '2026-01-03T00:00:00.000Z'),
      deployment('production', '2026-01-03T00:00:00.000Z', null),
    ]
    const lanes = lanesOf(deployments)
    expect(lanes.map(({ deployments: bars, environment }) => [environment, bars.length])).toEqual([
      ['production', 2],
      ['shadow', 1],
    ])
    const now = Date.UTC(2026, 1, 1)
    expect(spanOf(deployments, now)).toEqual({ from: Date.UTC(2026, 0, 1), to: now })
  })
})
