import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { count } from '../display.ts'
import controls from '../elements/controls.module.css'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { useKeys } from '../keyboard.ts'
import { useMay } from '../session/state.ts'
import styles from './access.module.css'
import { FilterForm } from './filter-form.tsx'
import type { Look } from './look.ts'
import { LookChart } from './look-chart.tsx'
import { LookDrawer } from './look-drawer.tsx'
import { lookFiltersIn } from './look-filters.ts'
import type { LookFilters } from './look-filters.ts'
import { LookTable } from './look-table.tsx'
import { looksQuery } from './look-queries.ts'

const route = getRouteApi('/access/')

/** Who looked at what, newest first, and who was denied. */
export function Looks() {
  const may = useMay()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const filters = useMemo(() => lookFiltersIn(search), [search])
  const change = (next: LookFilters) => void navigate({ search: next })
  const query = useInfiniteQuery(looksQuery(filters))
  const looks = useMemo(() => query.data?.pages.flatMap(({ items }) => items) ?? [], [query.data])
  const [shown, setShown] = useState<Look>()
  const reload = () => void query.refetch()
  useKeys({ '.': reload })
  return (
    <>
      {may('access') && <FilterForm filters={filters} looks={looks} onChange={change} />}
      {query.isPending && <Waiting lines={12} label="Loading looks" />}
      {query.error !== null && <Failed error={query.error} again={reload} />}
      {query.isSuccess && looks.length === 0 && <NoLook filters={filters} clear={() => change({})} />}
      {looks.length > 0 && (
        <>
          <Panel title="Looks per day" aside={chartAside(looks, query.hasNextPage)}>
            <LookChart looks={looks} onDay={(day) => change({ ...filters, from: day, to: day })} />
          </Panel>
          <Panel title="Looks" aside={<Aside query={query} loaded={looks.length} />}>
            <LookTable looks={looks} open={setShown} />
            <p className={styles['foot']}>
              {query.hasNextPage ? (
                <button
                  type="button"
                  className={controls['button']}
                  disabled={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                >
                  {query.isFetchingNextPage ? 'Loading…' : 'Older looks'}
                </button>
              ) : (
                `All ${count(looks.length)} shown.`
              )}
            </p>
          </Panel>
        </>
      )}
      <p className={styles['limits']}>
        Not recorded: the raw ledger, which holds no content; metrics; the state of the recorder; names of
        systems. A wrong key is counted, not recorded. Looking here is a look, too.
      </p>
      <LookDrawer look={shown} close={() => setShown(undefined)} narrow={change} />
    </>
  )
}

/** The picture shows what is loaded, and says so. */
function chartAside(looks: readonly Look[], hasMore: boolean): string {
  return hasMore ? `of the newest ${count(looks.length)} records` : 'UTC days'
}

interface AsideProps {
  readonly query: { readonly isRefetching: boolean; readonly refetch: () => unknown }
  readonly loaded: number
}

function Aside({ query, loaded }: AsideProps) {
  return (
    <>
      {count(loaded)} loaded{' '}
      <button
        type="button"
        className={controls['link']}
        disabled={query.isRefetching}
        onClick={() => void query.refetch()}
      >
        {query.isRefetching ? 'Asking…' : 'Ask again'}
      </button>
    </>
  )
}

function NoLook({ filters, clear }: { readonly filters: LookFilters; readonly clear: () => void }) {
  if (Object.keys(filters).length === 0)
    return (
      <Nothing title="Nobody has looked yet">
        <p>Looks appear here within seconds. This one, too.</p>
      </Nothing>
    )
  return (
    <Nothing title="No look matches">
      <button type="button" className={controls['button']} onClick={clear}>
        Clear the filters
      </button>
    </Nothing>
  )
}
