import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { counted, timeText } from '../display.ts'
import controls from '../elements/controls.module.css'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import table from '../elements/table.module.css'
import { Further } from '../privacy/further.tsx'
import privacy from '../privacy/privacy.module.css'
import { useMay } from '../session/state.ts'
import { groundText, standingText } from './erasure.ts'
import type { Erasure } from './erasure.ts'
import { erasuresQuery } from './erasure-queries.ts'
import styles from './erasure.module.css'

const route = getRouteApi('/privacy/erasures')

/** Erasures that were asked for, and how each stands. */
export function Erasures() {
  const may = useMay()
  const { entry } = route.useSearch()
  const query = useInfiniteQuery({ ...erasuresQuery(entry), enabled: may('erasures') })
  const { data, error, refetch } = query
  const items = data?.pages.flatMap((page) => page.items) ?? []
  const pending = data?.pages[0]?.pending ?? 0
  return (
    <>
      <h1 className={privacy['title']}>Erasures</h1>
      {entry !== undefined && (
        <p className={privacy['note']}>
          Only the one recorded in entry <code>{entry}</code>.{' '}
          <Link to="/erasures" search={{}} className={controls['link']}>
            All of them
          </Link>
        </p>
      )}
      <Panel
        title="Asked for"
        aside={
          items.length > 0 &&
          entry === undefined &&
          (pending === 0 ? 'all completed' : `${counted(pending, 'erasure')} not completed`)
        }
      >
        {error !== null && <Failed error={error} again={() => void refetch()} />}
        {may('erasures') && error === null && data === undefined && (
          <Waiting lines={5} label="Loading erasures" />
        )}
        {data !== undefined && items.length === 0 && <None isAll={entry === undefined} />}
        {items.length > 0 && <ErasureTable erasures={items} />}
        {items.length > 0 && (
          <Further
            query={query}
            shown={items.length}
            noun="erasure"
            more="Older erasures"
            isFiltered={entry !== undefined}
          />
        )}
      </Panel>
      <p className={privacy['limits']}>
        Who was erased is known to nobody here: the register forgets the person when an erasure is completed,
        and keeps the receipt.
      </p>
    </>
  )
}

function None({ isAll }: { readonly isAll: boolean }) {
  if (!isAll) return <Nothing title="No erasure of this ledger is recorded in that entry" />
  return (
    <Nothing title="Nobody was erased so far">
      <p>An erasure is asked for on the page of a person.</p>
      <Link to="/person" className={controls['link']}>
        People
      </Link>
    </Nothing>
  )
}

function ErasureTable({ erasures }: { readonly erasures: readonly Erasure[] }) {
  return (
    <table className={`${table['table']} ${styles['erasures']}`}>
      <thead>
        <tr>
          <th>Erasure</th>
          <th>How it stands</th>
          <th>Ground</th>
          <th>Asked for (UTC)</th>
          <th>Completed (UTC)</th>
        </tr>
      </thead>
      <tbody>
        {erasures.map((erasure) => {
          const { erasureId, status, ground, requestedAt, receipt } = erasure
          return (
            <tr key={erasureId} data-testid="erasure" data-status={status}>
              <td>
                <Link to="/erasure/$id" params={{ id: erasureId }} className={styles['open']}>
                  <code>{erasureId}</code>
                </Link>
              </td>
              <td>{standingText(erasure)}</td>
              <td>{groundText(ground)}</td>
              <td>{timeText(requestedAt)}</td>
              <td>{receipt === null ? '–' : timeText(receipt.completedAt)}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
