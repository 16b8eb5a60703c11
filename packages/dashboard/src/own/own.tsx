import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { DecisionRow } from '../api.ts'
import { rememberPlace } from '../decisions/list-memory.ts'
import { count, dayText, jsonText, timeText } from '../display.ts'
import controls from '../elements/controls.module.css'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { exportPerson } from '../privacy/export.ts'
import { decisionsQuery } from '../queries.ts'
import { useMay, useSession } from '../session/state.ts'
import styles from './own.module.css'
import { ownAccessQuery } from './own-access.ts'
import { ownLookText } from './words.ts'

const ALL = { filters: {}, order: '-at', columns: undefined } as const

/** What a person is shown: the decisions about them, and when and why those were looked at. */
export function Own() {
  const { identity } = useSession()
  const may = useMay()
  return (
    <div className={styles['page']}>
      <header>
        <h1>Decisions about you</h1>
        <p>
          You are signed in as {identity.name}. Here is what was recorded about decisions that concern you,
          and when and why others looked at it.
        </p>
      </header>
      <OwnDecisions />
      {may('own_access') && <OwnLooks />}
      {may('own_export') && <OwnExport />}
    </div>
  )
}

function OwnDecisions() {
  const query = useInfiniteQuery(decisionsQuery(ALL))
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? []
  return (
    <Panel
      title="What was decided"
      aside={rows.length > 0 && !query.hasNextPage && `${count(rows.length)} in all`}
    >
      {query.error !== null && <Failed error={query.error} again={() => void query.refetch()} />}
      {query.isPending && <Waiting lines={5} label="Loading your decisions" />}
      {query.isSuccess && rows.length === 0 && (
        <Nothing title="No decision about you is recorded here">
          <p>If you know of one, ask whoever gave you this key.</p>
        </Nothing>
      )}
      <ol className={styles['decisions']}>
        {rows.map((row, index) => (
          <OwnDecision key={row.id} row={row} index={index} />
        ))}
      </ol>
      {query.hasNextPage && (
        <p className={styles['more']}>
          <button type="button" className={controls['button']} onClick={() => void query.fetchNextPage()}>
            Earlier ones
          </button>
        </p>
      )}
    </Panel>
  )
}

function OwnDecision({ row, index }: { readonly row: DecisionRow; readonly index: number }) {
  return (
    <li>
      <Link
        to="/decisions/$id"
        params={{ id: row.id }}
        onClick={() => rememberPlace({ list: ALL, active: index, scrollTop: 0 })}
      >
        <b>{jsonText(row['prediction'] ?? row['status']).replaceAll('_', ' ')}</b>
        <span>
          decided by {jsonText(row['system'])} on {dayText(row.at)}
          {row['overridden'] === true
            ? '; a person decided otherwise'
            : row['reviewed'] === true && '; a person reviewed it'}
        </span>
      </Link>
    </li>
  )
}

function OwnLooks() {
  const { data, error, refetch } = useQuery(ownAccessQuery())
  return (
    <Panel title="Who looked, and why">
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {error === null && data === undefined && <Waiting lines={3} />}
      {data?.items.length === 0 && (
        <p className={styles['prose']}>Nobody has looked at these decisions so far.</p>
      )}
      {data !== undefined && data.items.length > 0 && (
        <ol className={styles['looks']}>
          {data.items.map((look, place) => (
            <li key={place}>
              <time dateTime={look.at}>{timeText(look.at)}</time>
              <span>{ownLookText(look)}</span>
            </li>
          ))}
        </ol>
      )}
      <p className={styles['caveat']}>
        You are told in which role somebody looked, not who it was. Your own looks are listed, too. Times are
        UTC. Not recorded: numbers over many people, and what was seen outside of this server.
      </p>
    </Panel>
  )
}

/** Everything recorded about the reader, to take along. */
function OwnExport() {
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const take = (format: 'html' | 'json', scope: 'all' | 'provided') => () => {
    setBusy(true)
    setProblem(undefined)
    exportPerson({ person: 'me', format, scope })
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
      .finally(() => setBusy(false))
  }
  return (
    <Panel title="Take it along">
      <p className={styles['prose']}>
        Everything recorded about you, with when and why it was looked at. That you took it is recorded, too.
      </p>
      <p className={styles['take']}>
        <button type="button" className={controls['button']} disabled={isBusy} onClick={take('html', 'all')}>
          A page to read
        </button>
        <button type="button" className={controls['button']} disabled={isBusy} onClick={take('json', 'all')}>
          A file for machines
        </button>
        <button
          type="button"
          className={controls['button']}
          disabled={isBusy}
          onClick={take('json', 'provided')}
        >
          What you provided alone
        </button>
      </p>
      {problem !== undefined && (
        <p className={styles['problem']} role="alert">
          {problem}
        </p>
      )}
    </Panel>
  )
}
