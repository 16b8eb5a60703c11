import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError } from '../client.ts'
import { counted, dayText } from '../display.ts'
import controls from '../elements/controls.module.css'
import { Copy } from '../elements/copy.tsx'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { useKeys } from '../keyboard.ts'
import privacy from '../privacy/privacy.module.css'
import { useMay } from '../session/state.ts'
import { Consulted } from './consulted.tsx'
import { NewRequest } from './new-request.tsx'
import { personQuery } from './people-queries.ts'
import styles from './people.module.css'
import { PersonActs } from './person-acts.tsx'
import { PersonDecisions } from './person-decisions.tsx'
import { CountsPanel, MergesPanel, Standing } from './person-panels.tsx'
import { idsText } from './person.ts'
import type { Person } from './person.ts'
import { RequestDrawer } from './request-drawer.tsx'
import { RequestTable } from './request-table.tsx'
import { inOrder } from './request.ts'

const route = getRouteApi('/privacy/person/$handle')

/** One person: everything known, what they asked for, what stands for them, who looked, and what can be done. */
export function PersonPage() {
  const { handle } = route.useParams()
  const may = useMay()
  const { data, error, refetch } = useQuery({ ...personQuery(handle), enabled: may('persons') })
  const navigate = useNavigate()
  useKeys({ u: () => void navigate({ to: '/person', search: {} }) })
  return (
    <>
      <header className={styles['head']}>
        <h1>
          Person <code>{handle.slice(0, 8)}</code>
        </h1>
        <p>
          <code>{handle}</code> <Copy text={handle} label="Copy the handle" />
        </p>
        {data !== undefined && <p>{summaryOf(data)}</p>}
      </header>
      {!may('persons') && <NotYours />}
      {error !== null && <Missing error={error} again={() => void refetch()} />}
      {may('persons') && error === null && data === undefined && (
        <Waiting lines={10} label="Loading the person" />
      )}
      {data !== undefined && <Known key={handle} person={data} />}
    </>
  )
}

function summaryOf({ records, first, last, ids }: Person): string {
  if (records === 0) return 'Nothing is recorded of this person any more.'
  const span = first === null || last === null ? '' : `, ${dayText(first)} to ${dayText(last)}`
  return `${counted(records, 'record')}${span}, under ${idsText(ids)}`
}

function NotYours() {
  return (
    <Nothing title="Your key may not see what is kept of a person">
      <p>It takes the right “persons”, which a privacy officer has.</p>
    </Nothing>
  )
}

function Missing({ error, again }: { readonly error: Error; readonly again: () => void }) {
  if (!(error instanceof ApiError) || error.status !== 404) return <Failed error={error} again={again} />
  return (
    <Nothing title="Nobody of this handle is known">
      <p>
        Either nothing was ever recorded of this person, or it was all erased. The two look the same from
        here.
      </p>
      <Link to="/person" className={controls['link']}>
        Look somebody up
      </Link>
    </Nothing>
  )
}

function Known({ person }: { readonly person: Person }) {
  const may = useMay()
  return (
    <>
      <Standing person={person} />
      <PersonActs person={person} />
      <div className={privacy['body']}>
        <div>
          <RequestsPanel person={person} />
          {may('list') && <PersonDecisions person={person} />}
          {may('own_access') && <Consulted handle={person.handle} />}
        </div>
        <div>
          <CountsPanel title="Records by kind" counts={person.kinds} isKind />
          <CountsPanel title="Records by system" counts={person.systems} />
          <MergesPanel person={person} />
        </div>
      </div>
      <p className={privacy['limits']}>
        This is what is sealed with the keys of this person, which is what an export gives and an erasure
        takes. What the records of others say of them is not found by their id.
      </p>
    </>
  )
}

function RequestsPanel({ person }: { readonly person: Person }) {
  const may = useMay()
  const { request } = route.useSearch()
  const navigate = route.useNavigate()
  const [isNew, setNew] = useState(false)
  const show = (id: string | undefined) =>
    void navigate({ search: id === undefined ? {} : { request: id }, replace: id === undefined })
  const { requests, handle } = person
  return (
    <Panel
      title="What they asked for"
      aside={
        may('rights') && (
          <button type="button" className={controls['link']} onClick={() => setNew(true)}>
            Record a request…
          </button>
        )
      }
    >
      {requests.length === 0 ? (
        <p className={privacy['prose']}>No request is recorded.</p>
      ) : (
        <RequestTable requests={inOrder(requests)} open={show} isOfOne />
      )}
      <NewRequest isOpen={isNew} close={() => setNew(false)} person={handle} done={show} />
      <RequestDrawer id={request} close={() => show(undefined)} />
    </Panel>
  )
}
