import { useQuery } from '@tanstack/react-query'
import { counted } from '../display.ts'
import { Failed, Waiting } from '../elements/state.tsx'
import { useMay, useSession } from '../session/state.ts'
import { LedgersPanel } from './ledgers-panel.tsx'
import { partsOf } from './parts.ts'
import { SettingsPart } from './settings-part.tsx'
import styles from './settings.module.css'
import { settingsQuery } from './settings-query.ts'

/** What the server and this ledger are set to, and what is not set up. */
export function Settings() {
  const { ledger } = useSession()
  const may = useMay()
  const { data, error, refetch } = useQuery({ ...settingsQuery(), enabled: may('settings') })
  const parts = data === undefined ? [] : partsOf(data)
  const missing = parts.flatMap(({ lines }) => lines).filter(({ tone }) => tone === 'missing').length
  return (
    <div className={styles['page']}>
      <header className={styles['head']}>
        <h1>
          Settings{' '}
          <span>
            of ledger {ledger}
            {data !== undefined && `, deponent ${data.version}`}
          </span>
        </h1>
        {data !== undefined && (
          <p>
            {missing === 0 ? 'Everything listed here is set up.' : `${counted(missing, 'thing')} not set up.`}
          </p>
        )}
      </header>
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {may('settings') && error === null && data === undefined && <Waiting lines={10} />}
      {parts.length > 0 && (
        <div className={styles['parts']}>
          {parts.map((part) => (
            <SettingsPart key={part.title} part={part} />
          ))}
        </div>
      )}
      <LedgersPanel />
      <p className={styles['limits']}>
        These are set when the server starts, by options or its configuration file; the page shows them and
        changes none of them.
      </p>
    </div>
  )
}
