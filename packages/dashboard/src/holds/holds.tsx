import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { count, dayText } from '../display.ts'
import { ActDialog } from '../elements/act.tsx'
import controls from '../elements/controls.module.css'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import table from '../elements/table.module.css'
import { Further } from '../privacy/further.tsx'
import privacy from '../privacy/privacy.module.css'
import { useMay } from '../session/state.ts'
import { groundText, HOLD_STATES, scopeText, stateText } from './hold.ts'
import type { Hold } from './hold.ts'
import { HoldDrawer } from './hold-drawer.tsx'
import { holdsQuery } from './hold-queries.ts'
import type { HoldPage } from './hold-queries.ts'
import styles from './holds.module.css'
import { PlaceHold } from './place-hold.tsx'

const route = getRouteApi('/privacy/holds')

/** What must not be erased, on which ground, and until when somebody looks again. */
export function Holds() {
  const may = useMay()
  const { hold, state: asked = '' } = route.useSearch()
  const state = HOLD_STATES.find((name) => name === asked) ?? ''
  const navigate = route.useNavigate()
  const query = useInfiniteQuery({ ...holdsQuery(state), enabled: may('holds') })
  const { data, error, refetch } = query
  const items = data?.pages.flatMap((page) => page.items) ?? []
  const first = data?.pages[0]
  const [isNew, setNew] = useState(false)
  const filter: Record<string, string> = state === '' ? {} : { state }
  const show = (id: string | undefined) =>
    void navigate({ search: id === undefined ? filter : { ...filter, hold: id }, replace: id === undefined })
  return (
    <>
      <h1 className={privacy['title']}>Holds</h1>
      <Panel title="What must not be erased" aside={first !== undefined && <Numbers page={first} />}>
        <div className={privacy['bar']}>
          <form
            className={privacy['filters']}
            onSubmit={(event) => event.preventDefault()}
            aria-label="Holds"
          >
            <label>
              State
              <select
                className={controls['field']}
                value={state}
                onChange={(event) =>
                  void navigate({ search: event.target.value === '' ? {} : { state: event.target.value } })
                }
              >
                <option value="">any</option>
                {HOLD_STATES.map((name) => (
                  <option key={name} value={name}>
                    {stateText({ state: name, isPastReview: false })}
                  </option>
                ))}
              </select>
            </label>
          </form>
          {may('hold') && (
            <button type="button" className={controls['button']} onClick={() => setNew(true)}>
              Place a hold…
            </button>
          )}
        </div>
        {error !== null && <Failed error={error} again={() => void refetch()} />}
        {may('holds') && error === null && data === undefined && <Waiting lines={5} label="Loading holds" />}
        {data !== undefined && items.length === 0 && (
          <Nothing title={state === '' ? 'No hold was ever placed' : 'No hold is like this'}>
            <p>Erasures run as soon as they are asked for, unless a second person has to agree.</p>
          </Nothing>
        )}
        {items.length > 0 && <HoldTable holds={items} open={show} />}
        {items.length > 0 && (
          <Further
            query={query}
            shown={items.length}
            noun="hold"
            more="Further holds"
            isFiltered={state !== ''}
          />
        )}
      </Panel>
      <p className={privacy['limits']}>
        An erasure that meets a hold waits whole and runs by itself when the last one in its way is released.
        A hold past its review stands. Whether a ground is good is for others to judge.
      </p>
      <HoldDrawer id={hold} close={() => show(undefined)} />
      <ActDialog isOpen={isNew} close={() => setNew(false)}>
        <PlaceHold close={() => setNew(false)} />
      </ActDialog>
    </>
  )
}

function Numbers({ page: { standing, pastReview } }: { readonly page: HoldPage }) {
  return (
    <>
      {count(standing)} standing
      {pastReview > 0 && (
        <>
          , <b className={styles['past']}>{count(pastReview)} past review</b>
        </>
      )}
    </>
  )
}

interface HoldTableProps {
  readonly holds: readonly Hold[]
  readonly open: (id: string) => void
}

function HoldTable({ holds, open }: HoldTableProps) {
  return (
    <table className={`${table['table']} ${styles['holds']}`}>
      <thead>
        <tr>
          <th>Ground</th>
          <th>What is held</th>
          <th>State</th>
          <th>Placed</th>
          <th>Review</th>
        </tr>
      </thead>
      <tbody>
        {holds.map((hold) => (
          <tr key={hold.holdId} data-testid="hold" data-state={hold.state}>
            <td>
              <button type="button" className={styles['open']} onClick={() => open(hold.holdId)}>
                {groundText(hold.ground)}
              </button>
              <small>
                <code>{hold.holdId}</code>
              </small>
            </td>
            <td>{scopeText(hold.scope).join(' · ')}</td>
            <td data-past={hold.isPastReview}>{stateText(hold)}</td>
            <td>{dayText(hold.placedAt)}</td>
            <td>{hold.reviewAt === undefined ? '–' : dayText(hold.reviewAt)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
