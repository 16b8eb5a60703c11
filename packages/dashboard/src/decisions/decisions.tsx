import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo } from 'react'
import { listSearch, searchOfList } from '../address.ts'
import type { ListSearch } from '../address.ts'
import { ApiError } from '../client.ts'
import { count, counted } from '../display.ts'
import controls from '../elements/controls.module.css'
import { SortIcon } from '../elements/icons.tsx'
import { Failed, Waiting } from '../elements/state.tsx'
import { useKeys } from '../keyboard.ts'
import { decisionsQuery, liveCountQuery } from '../queries.ts'
import { queryClient } from '../query-client.ts'
import { Archived } from './archived.tsx'
import { ColumnMenu } from './column-menu.tsx'
import { columnsFor, shownColumns } from './columns.tsx'
import { DecisionTable } from './decision-table.tsx'
import styles from './decisions.module.css'
import { FilterBar } from './filter-bar.tsx'
import { NoMatch, NoneYet } from './no-decisions.tsx'
import { TimeMenu } from './time-menu.tsx'

const route = getRouteApi('/decisions')

/** Every decision, newest first: filtered, counted, and as of one ledger size until the reader asks for more. */
export function Decisions() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const list = useMemo(() => listSearch(search), [search])
  const change = (next: Partial<ListSearch>) => void navigate({ search: searchOfList({ ...list, ...next }) })
  const decisions = useDecisions(list)
  const { rows, total, arrived, reload } = decisions
  const all = useMemo(() => columnsFor(rows[0]), [rows])
  const columns = useMemo(() => shownColumns(all, list.columns), [all, list.columns])
  useKeys({ '.': reload })
  return (
    <div className={styles['view']}>
      <h1 className={styles['title']}>Decisions</h1>
      <div className={styles['tools']}>
        <FilterBar filters={list.filters} onChange={(filters) => change({ filters })} />
        <div className={styles['menus']}>
          <TimeMenu filters={list.filters} onChange={(filters) => change({ filters })} />
          <button
            type="button"
            className={controls['button']}
            onClick={() => change({ order: list.order === 'at' ? '-at' : 'at' })}
          >
            <SortIcon isAscending={list.order === 'at'} />
            {list.order === 'at' ? 'Oldest first' : 'Newest first'}
          </button>
          <ColumnMenu all={all} shown={columns} onChange={(ids) => change({ columns: ids })} />
        </div>
      </div>
      <div className={styles['summary']}>
        {total !== undefined && <b>{counted(total, 'decision')}</b>}
        {decisions.size !== undefined && <span>as of ledger size {count(decisions.size)}</span>}
        {arrived > 0 && (
          <button type="button" className={styles['arrived']} onClick={reload}>
            {count(arrived)} new
          </button>
        )}
      </div>
      {decisions.sealed.length > 0 && (
        <p className={styles['leftOut']}>
          {decisions.sealed.map(({ system, field }) => `${field} of ${system}`).join(', ')}: sealed, not
          searchable. Decisions with such a value are not in this list.
        </p>
      )}
      {decisions.archived.length > 0 && <Archived spans={decisions.archived} />}
      <Rows list={list} decisions={decisions} columns={columns} clear={() => change({ filters: {} })} />
    </div>
  )
}

type Decisions = ReturnType<typeof useDecisions>

interface RowsProps {
  readonly list: ListSearch
  readonly decisions: Decisions
  readonly columns: ReturnType<typeof shownColumns>
  readonly clear: () => void
}

function Rows({ list, decisions, columns, clear }: RowsProps) {
  const { rows, query, reload } = decisions
  if (rows.length === 0) {
    return (
      <div className={styles['scroller']}>
        {query.isPending && <Waiting lines={14} label="Loading decisions" />}
        {query.isError && <Failed error={query.error} again={reload} />}
        {query.isSuccess && (Object.keys(list.filters).length > 0 ? <NoMatch clear={clear} /> : <NoneYet />)}
      </div>
    )
  }
  return (
    <DecisionTable
      key={JSON.stringify([list.filters, list.order])}
      list={list}
      rows={rows}
      columns={columns}
      hasMore={query.hasNextPage && !query.isFetchNextPageError}
      isLoadingMore={query.isFetchingNextPage}
      loadMore={decisions.loadMore}
      foot={<Foot decisions={decisions} />}
    />
  )
}

function Foot({ decisions: { query, rows, total, reload } }: { readonly decisions: Decisions }) {
  if (query.isFetchNextPageError) {
    // A cursor that is no longer good cannot be tried again; the list can.
    const isStale = query.error instanceof ApiError && query.error.status < 500 && query.error.status > 0
    return <Failed error={query.error} again={isStale ? reload : () => void query.fetchNextPage()} />
  }
  const isAll = !query.hasNextPage
  return (
    <p className={styles['foot']} aria-live="polite">
      {isAll ? `All ${count(rows.length)} shown` : loadedText(rows.length, total)}
    </p>
  )
}

/** How many match is not told to whoever may not count. */
function loadedText(loaded: number, total: number | undefined): string {
  return total === undefined
    ? `${count(loaded)} loaded, there are more`
    : `${count(loaded)} of ${count(total)} loaded`
}

function useDecisions(list: ListSearch) {
  const options = decisionsQuery(list)
  const query = useInfiniteQuery(options)
  const rows = useMemo(() => query.data?.pages.flatMap(({ items }) => items) ?? [], [query.data])
  const first = query.data?.pages[0]
  const { data: now } = useQuery({ ...liveCountQuery(list.filters), enabled: first?.total !== undefined })
  const arrived = Math.max(0, (now ?? 0) - (first?.total ?? now ?? 0))
  const key = JSON.stringify(options.queryKey)
  const reload = useCallback(() => {
    void queryClient.resetQueries({ queryKey: JSON.parse(key) as unknown[], exact: true })
  }, [key])
  // Whoever waits for the first decision should see it without asking.
  const isFirst = rows.length === 0 && arrived > 0
  useEffect(() => {
    if (isFirst) reload()
  }, [isFirst, reload])
  const { fetchNextPage } = query
  const loadMore = useCallback(() => void fetchNextPage(), [fetchNextPage])
  return {
    query,
    rows,
    total: first?.total,
    size: first?.asOf.size,
    sealed: first?.sealed ?? [],
    archived: first?.archived ?? [],
    arrived,
    reload,
    loadMore,
  }
}
