import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { FormEvent } from 'react'
import { count } from '../display.ts'
import controls from '../elements/controls.module.css'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { isSubjectHandle } from '../filters.ts'
import { Further } from '../privacy/further.tsx'
import privacy from '../privacy/privacy.module.css'
import { useMay } from '../session/state.ts'
import { NewRequest } from './new-request.tsx'
import { lookUp, requestFiltersIn, requestsQuery } from './people-queries.ts'
import type { RequestFilters } from './people-queries.ts'
import styles from './people.module.css'
import { inOrder, REQUEST_STATES, REQUEST_TYPES, typeName } from './request.ts'
import { RequestDrawer } from './request-drawer.tsx'
import { RequestTable } from './request-table.tsx'

const route = getRouteApi('/privacy/person')

/** Finds a person, and shows what people ask for and until when it is due. */
export function People() {
  const may = useMay()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const { request, ...rest } = search
  const show = (id: string | undefined) =>
    void navigate({ search: id === undefined ? rest : { ...rest, request: id }, replace: id === undefined })
  return (
    <>
      <h1 className={privacy['title']}>People</h1>
      {may('lookup') && <LookUp />}
      {may('persons') && <Requests search={rest} open={show} />}
      <RequestDrawer id={request} close={() => show(undefined)} />
    </>
  )
}

/** The way to a person by their id, or by a handle that is known. */
function LookUp() {
  const navigate = useNavigate()
  const [typed, setTyped] = useState('')
  const [problem, setProblem] = useState<string>()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const subject = typed.trim()
    if (subject === '') return
    setProblem(undefined)
    const found = isSubjectHandle(subject) ? Promise.resolve(subject) : lookUp(subject)
    found.then(
      (handle) => void navigate({ to: '/person/$handle', params: { handle } }),
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    )
  }
  return (
    <form className={styles['lookup']} onSubmit={submit} role="search" aria-label="A person">
      <label htmlFor="person-id">Person</label>
      <input
        id="person-id"
        className={controls['field']}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        placeholder="the id by which records name them, or a handle"
        maxLength={1_024}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
      />
      <button
        type="submit"
        className={`${controls['button']} ${controls['primary']}`}
        disabled={typed.trim() === ''}
      >
        Look up
      </button>
      <p role={problem === undefined ? undefined : 'alert'} data-refused={problem !== undefined}>
        {problem ??
          'The id is sent in the body of a request and stays out of the address. The look is recorded.'}
      </p>
    </form>
  )
}

interface RequestsProps {
  readonly search: Readonly<Record<string, string>>
  readonly open: (id: string) => void
}

function Requests({ search, open }: RequestsProps) {
  const may = useMay()
  const navigate = route.useNavigate()
  const filters = useMemo(() => requestFiltersIn(search), [search])
  const query = useInfiniteQuery(requestsQuery(filters))
  const [isNew, setNew] = useState(false)
  const requests = inOrder(query.data?.pages.flatMap(({ items }) => items) ?? [])
  const first = query.data?.pages[0]
  const isFiltered = Object.keys(filters).length > 0
  return (
    <>
      <Panel
        title="Requests"
        aside={
          first !== undefined && (
            <>
              {count(first.open)} open
              {first.overdue > 0 && (
                <>
                  , <b className={styles['overdue']}>{count(first.overdue)} overdue</b>
                </>
              )}
            </>
          )
        }
      >
        <div className={privacy['bar']}>
          <RequestFilterForm filters={filters} change={(next) => void navigate({ search: next })} />
          {may('rights') && (
            <button type="button" className={controls['button']} onClick={() => setNew(true)}>
              Record a request…
            </button>
          )}
        </div>
        {query.error !== null && <Failed error={query.error} again={() => void query.refetch()} />}
        {query.isPending && query.error === null && <Waiting lines={5} label="Loading requests" />}
        {query.isSuccess && requests.length === 0 && (
          <Nothing title={isFiltered ? 'No request matches' : 'Nobody has asked for anything'}>
            <p>
              {isFiltered
                ? 'Other requests may be there.'
                : 'A request that comes by letter or mail is recorded here; its month runs from the day it came.'}
            </p>
          </Nothing>
        )}
        {requests.length > 0 && <RequestTable requests={requests} open={open} />}
        {requests.length > 0 && (
          <Further
            query={query}
            shown={requests.length}
            noun="request"
            more="Older requests"
            isFiltered={isFiltered}
          />
        )}
      </Panel>
      <p className={privacy['limits']}>
        A month ends on the day with the same number, in UTC. Weekends and holidays do not lengthen it here,
        though the law of a place may.
      </p>
      <NewRequest isOpen={isNew} close={() => setNew(false)} done={open} />
    </>
  )
}

interface RequestFilterFormProps {
  readonly filters: RequestFilters
  readonly change: (filters: RequestFilters) => void
}

function RequestFilterForm({ filters, change }: RequestFilterFormProps) {
  const set = (name: string) => (value: string) => {
    const { [name]: _, ...others } = filters
    change(value === '' ? others : { ...others, [name]: value })
  }
  return (
    <form className={privacy['filters']} onSubmit={(event) => event.preventDefault()} aria-label="Requests">
      <Filter label="State" value={filters['state']} onChange={set('state')} options={REQUEST_STATES} />
      <Filter
        label="Kind"
        value={filters['requestType']}
        onChange={set('requestType')}
        options={REQUEST_TYPES}
      />
      <label>
        <input
          type="checkbox"
          checked={filters['overdue'] === 'true'}
          onChange={(event) => set('overdue')(event.target.checked ? 'true' : '')}
        />
        overdue
      </label>
    </form>
  )
}

interface FilterProps {
  readonly label: string
  readonly value: string | undefined
  readonly onChange: (value: string) => void
  readonly options: readonly string[]
}

function Filter({ label, value = '', onChange, options }: FilterProps) {
  return (
    <label>
      {label}
      <select className={controls['field']} value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">any</option>
        {options.map((option) => (
          <option key={option} value={option}>
            {typeName(option).toLowerCase()}
          </option>
        ))}
      </select>
    </label>
  )
}
