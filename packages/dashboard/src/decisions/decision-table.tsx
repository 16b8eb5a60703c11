import { tableFeatures, useTable } from '@tanstack/react-table'
import type { ColumnDef } from '@tanstack/react-table'
import { Link, useNavigate } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import type { Virtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { ReactNode, RefObject } from 'react'
import type { ListSearch } from '../address.ts'
import type { DecisionRow } from '../api.ts'
import { useKeys } from '../keyboard.ts'
import { useMedia } from '../media.ts'
import { marginNumber, RowCard } from './columns.tsx'
import type { DecisionColumn } from './columns.tsx'
import styles from './decisions.module.css'
import { placeIn, rememberPlace } from './list-memory.ts'

const features = tableFeatures({})
const ROW_PX = 31
const CARD_PX = 62
/** How many rows before the end the next page is asked for. */
const AHEAD_ROWS = 60
const PAGE_KEY_ROWS = 15

interface DecisionTableProps {
  readonly list: ListSearch
  readonly rows: readonly DecisionRow[]
  readonly columns: readonly DecisionColumn[]
  readonly hasMore: boolean
  readonly isLoadingMore: boolean
  readonly loadMore: () => void
  /** Stands after the last row. */
  readonly foot: ReactNode
}

/** The rows of a list, of which only those in sight are on the page. */
export function DecisionTable(props: DecisionTableProps) {
  const { list, rows, columns, foot } = props
  const isNarrow = useMedia('(max-width: 46rem)')
  const scroller = useRef<HTMLDivElement>(null)
  const place = useRef(placeIn(list))
  const [active, setActive] = useState(place.current?.active ?? -1)
  const table = useTable({ features, columns: useColumnDefs(columns), data: rows })
  const models = table.getRowModel().rows
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised by a compiler
  const virtualizer = useVirtualizer({
    count: models.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (isNarrow ? CARD_PX : ROW_PX),
    getItemKey: (index) => models[index]?.id ?? index,
    initialOffset: place.current?.scrollTop ?? 0,
    overscan: 12,
  })
  useEffect(() => virtualizer.measure(), [isNarrow, virtualizer])
  useMoreWhenNear(virtualizer, props)
  useRowKeys({ rows, active, setActive, virtualizer, scroller, list })
  const tracks = isNarrow ? undefined : `4.75rem ${columns.map(({ track }) => track).join(' ')}`
  const remember = (at: number) =>
    rememberPlace({ list, active: at, scrollTop: scroller.current?.scrollTop ?? 0 })
  return (
    <div className={styles['scroller']} ref={scroller} tabIndex={-1}>
      <div
        role="table"
        aria-label="Decisions"
        aria-rowcount={-1}
        className={styles['table']}
        style={{ gridTemplateColumns: tracks }}
      >
        {!isNarrow && (
          <div role="rowgroup" className={styles['headGroup']}>
            <div role="row" className={styles['headRow']} style={{ gridTemplateColumns: tracks }}>
              <span role="columnheader" className={styles['margin']}>
                Index
              </span>
              {columns.map(({ id, header, isNumeric }) => (
                <span key={id} role="columnheader" data-numeric={isNumeric}>
                  {header}
                </span>
              ))}
            </div>
          </div>
        )}
        <div role="rowgroup" className={styles['body']} style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, key, start, size }) => {
            const model = models[index]
            if (model === undefined) return null
            return (
              <div
                key={key}
                role="row"
                aria-rowindex={index + 2}
                className={styles['row']}
                data-testid="decision-row"
                data-active={index === active}
                style={{ gridTemplateColumns: tracks, transform: `translateY(${start}px)`, height: size }}
              >
                <span role="cell" className={styles['margin']}>
                  <Link
                    to="/decisions/$id"
                    params={{ id: model.original.id }}
                    className={styles['open']}
                    onClick={() => remember(index)}
                    tabIndex={index === Math.max(0, active) ? 0 : -1}
                    preload={false}
                  >
                    {marginNumber(model.original)}
                  </Link>
                </span>
                {isNarrow ? (
                  <span role="cell">
                    <RowCard row={model.original} />
                  </span>
                ) : (
                  model.getAllCells().map((cell) => (
                    <span key={cell.id} role="cell" data-numeric={numericOf(columns, cell.column.id)}>
                      <table.FlexRender cell={cell} />
                    </span>
                  ))
                )}
              </div>
            )
          })}
        </div>
      </div>
      {foot}
    </div>
  )
}

function numericOf(columns: readonly DecisionColumn[], id: string): boolean | undefined {
  return columns.find((column) => column.id === id)?.isNumeric
}

function useColumnDefs(columns: readonly DecisionColumn[]) {
  return useMemo(
    () =>
      columns.map(({ id, header, cell }): ColumnDef<typeof features, DecisionRow> => ({
        id,
        header,
        accessorFn: (row) => row[id],
        cell: ({ row }) => cell(row.original),
      })),
    [columns],
  )
}

type RowVirtualizer = Virtualizer<HTMLDivElement, Element>

function useMoreWhenNear(
  virtualizer: RowVirtualizer,
  { rows, hasMore, isLoadingMore, loadMore }: DecisionTableProps,
): void {
  const lastSeen = virtualizer.getVirtualItems().at(-1)?.index ?? 0
  const isNear = lastSeen >= rows.length - AHEAD_ROWS
  useEffect(() => {
    if (hasMore && !isLoadingMore && isNear) loadMore()
  }, [hasMore, isLoadingMore, isNear, loadMore])
}

interface RowKeys {
  readonly rows: readonly DecisionRow[]
  readonly active: number
  readonly setActive: (index: number) => void
  readonly virtualizer: RowVirtualizer
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly list: ListSearch
}

/** Once the row is drawn its link takes the focus, so that Enter, and a screen reader, mean this row. */
function focusActiveRow(scroller: HTMLElement | null): void {
  scroller?.focus({ preventScroll: true })
  requestAnimationFrame(() => {
    scroller?.querySelector<HTMLElement>('[data-active="true"] a')?.focus({ preventScroll: true })
  })
}

function useRowKeys({ rows, active, setActive, virtualizer, scroller, list }: RowKeys): void {
  const navigate = useNavigate()
  const moveTo = (index: number, event: KeyboardEvent) => {
    if (rows.length === 0) return
    event.preventDefault()
    const next = Math.min(rows.length - 1, Math.max(0, index))
    setActive(next)
    virtualizer.scrollToIndex(next)
    focusActiveRow(scroller.current)
  }
  const open = () => {
    const row = rows[active]
    if (row === undefined) return
    rememberPlace({ list, active, scrollTop: scroller.current?.scrollTop ?? 0 })
    void navigate({ to: '/decisions/$id', params: { id: row.id } })
  }
  useKeys({
    j: (event) => moveTo(active + 1, event),
    ArrowDown: (event) => moveTo(active + 1, event),
    k: (event) => moveTo(active - 1, event),
    ArrowUp: (event) => moveTo(active - 1, event),
    PageDown: (event) => moveTo(active + PAGE_KEY_ROWS, event),
    PageUp: (event) => moveTo(active - PAGE_KEY_ROWS, event),
    Home: (event) => moveTo(0, event),
    End: (event) => moveTo(rows.length - 1, event),
    Enter: open,
  })
}
