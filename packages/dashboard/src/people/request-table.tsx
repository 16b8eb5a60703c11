import { Link } from '@tanstack/react-router'
import controls from '../elements/controls.module.css'
import { shortHandle } from '../privacy/words.ts'
import table from '../elements/table.module.css'
import { Clock } from './clock.tsx'
import styles from './people.module.css'
import { IDENTITY_WORDS, typeName } from './request.ts'
import type { PersonRequest } from './request.ts'

interface RequestTableProps {
  readonly requests: readonly PersonRequest[]
  readonly open: (id: string) => void
  /** Whether all are of one person, whose page this is. */
  readonly isOfOne?: boolean
}

/** Requests with their clocks. */
export function RequestTable({ requests, open, isOfOne = false }: RequestTableProps) {
  return (
    <table className={`${table['table']} ${styles['requests']}`} data-of-one={isOfOne}>
      <thead>
        <tr>
          <th>Asks for</th>
          {!isOfOne && <th>Person</th>}
          <th>Time</th>
          <th>State</th>
        </tr>
      </thead>
      <tbody>
        {requests.map((request) => (
          <tr key={request.requestId} data-testid="request">
            <td>
              <button type="button" className={styles['open']} onClick={() => open(request.requestId)}>
                {typeName(request.requestType)}
                {request.isMarketing && ' to direct marketing'}
              </button>
              <small>
                <code>{request.requestId}</code>
              </small>
            </td>
            {!isOfOne && (
              <td>
                <Link
                  to="/person/$handle"
                  params={{ handle: request.subject }}
                  className={`${controls['link']} ${styles['handle']}`}
                  title={request.subject}
                >
                  {shortHandle(request.subject)}
                </Link>
              </td>
            )}
            <td>
              <Clock request={request} />
            </td>
            <td>
              {request.state}
              <small data-tone={request.identity}>{IDENTITY_WORDS[request.identity]}</small>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
