import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { FormEvent } from 'react'
import type { DecisionRow } from '../api.ts'
import { jsonText, lineText, timeText } from '../display.ts'
import controls from '../elements/controls.module.css'
import { Panel } from '../elements/panel.tsx'
import { Failed, Waiting } from '../elements/state.tsx'
import table from '../elements/table.module.css'
import privacy from '../privacy/privacy.module.css'
import { PurposeField } from '../session/purpose-field.tsx'
import { setStandingPurpose, useSession, useStandingPurpose } from '../session/state.ts'
import { personDecisionsQuery } from './people-queries.ts'
import styles from './people.module.css'
import type { Person } from './person.ts'

/** Decisions about a person, newest first; those of a person who is restricted for a stated purpose only. */
export function PersonDecisions({ person }: { readonly person: Person }) {
  const purpose = useStandingPurpose()
  const query = useInfiniteQuery(personDecisionsQuery(person.handle))
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? []
  const isCovered =
    query.isSuccess && rows.length === 0 && person.restrictedBy.length > 0 && purpose === undefined
  return (
    <Panel
      title="Decisions about them"
      aside={
        rows.length > 0 && (
          <Link to="/decisions" search={{ subject: person.handle }} className={controls['link']}>
            in the list, to filter
          </Link>
        )
      }
    >
      {query.error !== null && <Failed error={query.error} again={() => void query.refetch()} />}
      {query.isPending && query.error === null && <Waiting lines={5} label="Loading decisions" />}
      {isCovered && <ReadFor />}
      {query.isSuccess && rows.length === 0 && !isCovered && (
        <p className={privacy['prose']}>No decision about them is recorded that your key reaches.</p>
      )}
      {rows.length > 0 && <Rows rows={rows} />}
      {query.hasNextPage && (
        <p className={privacy['foot']}>
          <button type="button" className={controls['button']} onClick={() => void query.fetchNextPage()}>
            Earlier ones
          </button>
        </p>
      )}
    </Panel>
  )
}

function Rows({ rows }: { readonly rows: readonly DecisionRow[] }) {
  return (
    <table className={`${table['table']} ${styles['decisions']}`}>
      <thead>
        <tr>
          <th>Outcome</th>
          <th>System</th>
          <th>Model</th>
          <th>At (UTC)</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id} data-testid="person-decision">
            <td>
              <Link to="/decisions/$id" params={{ id: row.id }} className={styles['open']}>
                {lineText(row['prediction'] ?? row['status'])}
              </Link>
              {row['overridden'] === true && <small>a person decided otherwise</small>}
            </td>
            <td>{jsonText(row['system'])}</td>
            <td>{lineText(row['modelId'])}</td>
            <td>
              <time dateTime={row.at}>{timeText(row.at)}</time>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** What is restricted is read for a purpose, which then stands for everything that is looked at. */
function ReadFor() {
  const { purposes } = useSession()
  const [purpose, setPurpose] = useState(purposes?.[0] ?? '')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setStandingPurpose(purpose.trim())
  }
  return (
    <form className={styles['readFor']} onSubmit={submit}>
      <p>Processing of this person is restricted: their decisions are shown for a stated purpose only.</p>
      <PurposeField label="What for?" value={purpose} onChange={setPurpose} />
      <button type="submit" className={controls['button']} disabled={purpose.trim() === ''}>
        Read for this purpose
      </button>
    </form>
  )
}
