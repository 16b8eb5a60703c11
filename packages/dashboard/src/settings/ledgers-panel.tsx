import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { count } from '../display.ts'
import controls from '../elements/controls.module.css'
import { Panel } from '../elements/panel.tsx'
import { Failed, Waiting } from '../elements/state.tsx'
import table from '../elements/table.module.css'
import { FIRST_START } from '../session/shape.ts'
import { useMay, useSession } from '../session/state.ts'
import { ArchiveLedger } from './archive-ledger.tsx'
import { ledgersQuery } from './ledgers-query.ts'
import type { Ledger } from './ledgers-query.ts'
import { NewLedger } from './new-ledger.tsx'
import styles from './settings.module.css'

/** The ledgers the reader belongs to; making and archiving them for whoever may. */
export function LedgersPanel() {
  const { identity } = useSession()
  const { data, error, refetch } = useQuery(ledgersQuery())
  const [archiving, setArchiving] = useState<Ledger>()
  const isFirstStart = identity.id === FIRST_START
  return (
    <Panel title={isFirstStart ? 'All ledgers' : 'Your ledger'} className={styles['ledgers']}>
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {error === null && data === undefined && <Waiting lines={3} />}
      {data !== undefined && <LedgerTable ledgers={data.items} archive={setArchiving} />}
      {isFirstStart ? (
        <NewLedger />
      ) : (
        <p className={styles['note']}>Only the token of first start sees and makes other ledgers.</p>
      )}
      <ArchiveLedger ledger={archiving} close={() => setArchiving(undefined)} />
    </Panel>
  )
}

interface LedgerTableProps {
  readonly ledgers: readonly Ledger[]
  readonly archive: (ledger: Ledger) => void
}

function LedgerTable({ ledgers, archive }: LedgerTableProps) {
  const session = useSession()
  const may = useMay()
  return (
    <div className={table['wide']} id="ledgers">
      <table className={`${table['table']} ${styles['ledgerTable']}`}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Origin</th>
            <th scope="col">State</th>
            <th scope="col" data-numeric>
              Entries
            </th>
            <th scope="col">
              <span className={table['heard']}>What can be done</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {ledgers.map((ledger) => (
            <tr key={ledger.name} data-testid="ledger">
              <td>
                {session.ledgers.length > 1 ? (
                  <Link to="/" search={{ ledger: ledger.name }} className={controls['link']}>
                    {ledger.name}
                  </Link>
                ) : (
                  <b>{ledger.name}</b>
                )}
                {ledger.name === session.ledger && <small>looked at now</small>}
              </td>
              <td>
                <code>{ledger.origin}</code>
              </td>
              <td>{ledger.state}</td>
              <td data-numeric>{count(ledger.size)}</td>
              <td data-numeric>
                {may('ledgers') && ledger.state === 'open' && ledger.name === session.ledger && (
                  <button type="button" className={controls['button']} onClick={() => archive(ledger)}>
                    Archive…
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
