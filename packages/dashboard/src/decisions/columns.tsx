/** The columns a list of decisions can have. */
import type { ReactNode } from 'react'
import type { DecisionRow } from '../api.ts'
import {
  confidenceText,
  count,
  durationText,
  isSealed,
  isWithheld,
  jsonText,
  labelOf,
  lineText,
  timeText,
} from '../display.ts'
import { Meter } from '../elements/meter.tsx'
import styles from './decisions.module.css'

export interface DecisionColumn {
  readonly id: string
  readonly header: string
  /** Its width as a grid track. */
  readonly track: string
  readonly isNumeric?: boolean
  readonly cell: (row: DecisionRow) => ReactNode
}

/** Text that is cut off where the column ends, whole on hover. */
const text =
  (id: string): DecisionColumn['cell'] =>
  (row) => {
    const value = row[id]
    if (value === undefined || value === null) return <span className={styles['none']}>–</span>
    if (isWithheld(value)) return <span className={styles['none']}>not for your role</span>
    if (isSealed(value)) return <span className={styles['none']}>sealed</span>
    return <span title={jsonText(value)}>{jsonText(value)}</span>
  }

const KNOWN: readonly DecisionColumn[] = [
  {
    id: 'at',
    header: 'Decided (UTC)',
    track: '9.75rem',
    cell: ({ at }) => <time dateTime={at}>{timeText(at)}</time>,
  },
  { id: 'system', header: 'System', track: 'minmax(8rem, 1fr)', cell: text('system') },
  { id: 'modelId', header: 'Model', track: 'minmax(8rem, 1fr)', cell: text('modelId') },
  { id: 'modelVersion', header: 'Version', track: '5.5rem', cell: text('modelVersion') },
  {
    id: 'prediction',
    header: 'Prediction',
    track: 'minmax(8rem, 1.2fr)',
    cell: (row) => <span className={styles['prediction']}>{text('prediction')(row)}</span>,
  },
  { id: 'confidence', header: 'Confidence', track: '9rem', cell: confidence },
  { id: 'status', header: 'Status', track: '5.5rem', cell: status },
  { id: 'human', header: 'Human', track: '6.5rem', cell: human },
  { id: 'riskTier', header: 'Risk', track: '4.5rem', cell: text('riskTier') },
  { id: 'environment', header: 'Environment', track: '7rem', cell: text('environment') },
  { id: 'latencyMs', header: 'Latency', track: '5.5rem', isNumeric: true, cell: latency },
  {
    id: 'decisionId',
    header: 'Decision id',
    track: 'minmax(9rem, 1fr)',
    cell: (row) => <span className={styles['id']}>{text('decisionId')(row)}</span>,
  },
  { id: 'caseId', header: 'Case', track: 'minmax(9rem, 1fr)', cell: text('caseId') },
]

const USUAL = [
  'at',
  'system',
  'modelId',
  'modelVersion',
  'prediction',
  'confidence',
  'status',
  'human',
  'riskTier',
  'decisionId',
]
/** Shown in the margin or folded into another column. */
const NOT_COLUMNS = new Set(['id', 'index', 'overridden', 'reviewed', 'kind', 'ledger', 'receivedAt'])

/** Every column these rows can fill: the known ones, and any other field the server sent. */
export function columnsFor(row: DecisionRow | undefined): readonly DecisionColumn[] {
  if (row === undefined) return KNOWN.filter(({ id }) => USUAL.includes(id))
  const isFilled = ({ id }: DecisionColumn) =>
    id === 'human' ? 'overridden' in row || 'reviewed' in row : id in row || USUAL_OF_EVERY.has(id)
  const known = new Set(KNOWN.map(({ id }) => id))
  const others = Object.keys(row).filter((name) => !known.has(name) && !NOT_COLUMNS.has(name))
  return [...KNOWN.filter(isFilled), ...others.map(plainColumn)]
}

/** Fields of which a single row says nothing: one decision may lack what the next one has. */
const USUAL_OF_EVERY = new Set([
  'at',
  'system',
  'modelId',
  'modelVersion',
  'prediction',
  'confidence',
  'status',
])

function plainColumn(id: string): DecisionColumn {
  return { id, header: labelOf(id), track: 'minmax(7rem, 1fr)', cell: text(id) }
}

/** The columns to show: those asked for, in the usual order, or the usual ones. */
export function shownColumns(
  all: readonly DecisionColumn[],
  asked: readonly string[] | undefined,
): readonly DecisionColumn[] {
  const wanted = asked ?? USUAL
  return all.filter(({ id }) => wanted.includes(id))
}

function confidence({ confidence }: DecisionRow): ReactNode {
  if (typeof confidence !== 'number') return <span className={styles['none']}>–</span>
  if (confidence < 0 || confidence > 1) return confidence
  return (
    <span className={styles['confidence']}>
      <span>{confidenceText(confidence)}</span>
      <Meter part={confidence} />
    </span>
  )
}

function status({ status }: DecisionRow): ReactNode {
  const word = lineText(status)
  return (
    <span className={styles['status']} data-status={word}>
      {word}
    </span>
  )
}

function human({ overridden, reviewed }: DecisionRow): ReactNode {
  if (overridden === true) return <span className={styles['overridden']}>overridden</span>
  return reviewed === true ? 'reviewed' : <span className={styles['none']}>–</span>
}

function latency({ latencyMs }: DecisionRow): ReactNode {
  return typeof latencyMs === 'number' ? durationText(latencyMs) : <span className={styles['none']}>–</span>
}

/** A row as a small card, for narrow screens. */
export function RowCard({ row }: { readonly row: DecisionRow }) {
  return (
    <span className={styles['card']}>
      <span className={styles['cardTop']}>
        <span className={styles['prediction']}>{lineText(row['prediction'] ?? row['status'])}</span>
        {confidence(row)}
      </span>
      <span className={styles['cardBottom']}>
        <span>
          {jsonText(row['system'])} · {lineText(row['modelId'])} {jsonText(row['modelVersion'] ?? '')}
        </span>
        <time dateTime={row.at}>{timeText(row.at).slice(5, 16)}</time>
      </span>
    </span>
  )
}

/** The place in the ledger, as a margin number. */
export function marginNumber(row: DecisionRow): string {
  return count(row.index)
}
