import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { count, counted } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { useMay } from '../session/state.ts'
import type { Lineage, LineageNode } from './life.ts'
import { stateText } from './life.ts'
import { connectedTo, layoutOf, NODE } from './lineage-layout.ts'
import { lineageQuery } from './model-queries.ts'
import styles from './models.module.css'

interface LineagePanelProps {
  /** Parameters of the question. */
  readonly of: Readonly<Record<string, string>>
  /** The node that is looked at; what it is not connected with stands back. */
  readonly focus?: string | undefined
}

/** Where data come from and where they go, drawn in the direction they go. */
export function LineagePanel({ of, focus }: LineagePanelProps) {
  const { data, error, refetch } = useQuery(lineageQuery(of))
  return (
    <Panel title="Lineage" aside="data, versions, decisions">
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {error === null && data === undefined && <Waiting lines={4} label="Loading the lineage" />}
      {data !== undefined && <Drawing graph={data.graph} focus={focus} />}
    </Panel>
  )
}

function Drawing({ graph, focus }: { readonly graph: Lineage['graph']; readonly focus: string | undefined }) {
  const { edges, isCut, nodes } = graph
  if (nodes.length === 0) return <Nothing title="Nothing is recorded of where it comes from" />
  const { height, lines, placed, width } = layoutOf(nodes, edges)
  const isFocused = focus !== undefined && nodes.some(({ id }) => id === focus)
  const near = isFocused ? connectedTo([focus], edges) : new Set(nodes.map(({ id }) => id))
  return (
    <div className={styles['drawing']} tabIndex={0} role="region" aria-label="Drawing of the lineage">
      <div style={{ width, height }}>
        <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden>
          {lines.map(({ edge, path }) => (
            <path
              key={`${edge.from} ${edge.to}`}
              d={path}
              data-far={!(near.has(edge.from) && near.has(edge.to))}
              data-type={edge.type}
            />
          ))}
        </svg>
        <ol>
          {placed.map(({ node, x, y }) => (
            <li
              key={node.id}
              data-testid="lineage-node"
              data-type={node.type}
              data-far={!near.has(node.id)}
              data-focus={node.id === focus}
              style={{ left: x, top: y, width: NODE.width, height: NODE.height }}
            >
              <Node node={node} />
            </li>
          ))}
        </ol>
      </div>
      {isCut && <p>There is more than is drawn.</p>}
    </div>
  )
}

function Node({ node }: { readonly node: LineageNode }): ReactNode {
  const may = useMay()
  switch (node.type) {
    case 'dataset': {
      const { datasetId, isRegistered, version } = node
      const name = version === undefined ? datasetId : `${datasetId} ${version}`
      return (
        <Link
          to="/models"
          search={{ dataset: datasetId, ...(version !== undefined && { version }) }}
          title={`${node.name ?? 'Data set'}: ${name}`}
        >
          <b>{name}</b>
          <span data-warn={!isRegistered}>{isRegistered ? 'data set' : 'not registered'}</span>
        </Link>
      )
    }
    case 'version': {
      const { modelId, modelVersion, state } = node
      return (
        <Link to="/models/$model" params={{ model: modelId }} search={{ version: modelVersion }}>
          <b>
            {modelId} {modelVersion}
          </b>
          <span data-warn={state === 'recalled' || state === 'undeclared'}>{stateText(state)}</span>
        </Link>
      )
    }
    case 'decisions': {
      const { decisions, modelId, modelVersion } = node
      const words = (
        <>
          <b>{count(decisions)}</b>
          <span>{decisions === 1 ? 'decision' : 'decisions'}</span>
        </>
      )
      const label = `${counted(decisions, 'decision')} of ${modelId} ${modelVersion}`
      if (!may('list')) return <div title={label}>{words}</div>
      return (
        <Link to="/decisions" search={{ modelId, modelVersion }} aria-label={label}>
          {words}
        </Link>
      )
    }
  }
}
