import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { count, timeText } from '../display.ts'
import controls from '../elements/controls.module.css'
import { Panel } from '../elements/panel.tsx'
import { Failed, Waiting } from '../elements/state.tsx'
import { ownLookText } from '../own/words.ts'
import privacy from '../privacy/privacy.module.css'
import { consultedQuery } from './people-queries.ts'
import styles from './people.module.css'

const SHOWN = 12

/** When, why and in which role decisions about a person were looked at: what the person would be told. */
export function Consulted({ handle }: { readonly handle: string }) {
  const { data, error, refetch } = useQuery(consultedQuery(handle))
  const [isAll, setAll] = useState(false)
  const looks = data?.items ?? []
  return (
    <Panel title="Who consulted it" aside={looks.length > 0 && `the newest ${count(looks.length)}`}>
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {error === null && data === undefined && <Waiting lines={3} />}
      {data !== undefined && looks.length === 0 && (
        <p className={privacy['prose']}>Nobody has looked at decisions about this person so far.</p>
      )}
      <ol className={styles['consulted']}>
        {looks.slice(0, isAll ? undefined : SHOWN).map((look, place) => (
          <li key={place}>
            <time dateTime={look.at}>{timeText(look.at)}</time>
            <span>{ownLookText(look, 'The person')}</span>
          </li>
        ))}
      </ol>
      <p className={privacy['caveat']}>
        {looks.length > SHOWN && !isAll && (
          <>
            <button type="button" className={controls['link']} onClick={() => setAll(true)}>
              Show all {count(looks.length)}
            </button>
            .{' '}
          </>
        )}
        As the person is told it: roles, not names (C-579/21). Looks at decisions, not at other records.
      </p>
    </Panel>
  )
}
