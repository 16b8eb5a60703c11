import { useQuery } from '@tanstack/react-query'
import { bytesText, percent, timeText } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import table from '../elements/table.module.css'
import { storedQuery } from './storage-queries.ts'
import styles from './storage.module.css'
import { partsOf } from './stored.ts'
import type { Part, Stored } from './stored.ts'

/** What each layer takes, drawn and in numbers. */
export function LayersPanel() {
  const { data, error, refetch } = useQuery(storedQuery())
  return (
    <Panel
      title="Size by layer"
      aside={data && `measured ${timeText(data.measuredAt)} UTC`}
      className={styles['layers']}
    >
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {error === null && data === undefined && <Waiting lines={7} label="Measuring" />}
      {data === null && (
        <Nothing title="This server does not say what it takes">
          <p>
            Its files can be measured all the same: <code>deponent cost DIR</code>.
          </p>
        </Nothing>
      )}
      {data && <Layers stored={data} />}
    </Panel>
  )
}

function Layers({ stored }: { readonly stored: Stored }) {
  const parts = partsOf(stored.layers)
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total === 0) return <Nothing title="Nothing is stored yet" />
  return (
    <>
      <Bar parts={parts} total={total} />
      <div className={table['wide']}>
        <table className={table['table']}>
          <thead>
            <tr>
              <th>Layer</th>
              <th data-numeric>Size</th>
              <th data-numeric>Share</th>
              <th data-numeric>A decision</th>
            </tr>
          </thead>
          <tbody>
            {parts.map(({ id, name, note, bytes }) => (
              <tr key={id} data-testid="layer">
                <td className={styles['layer']}>
                  <i data-part={id} aria-hidden />
                  {name} <small>{note}</small>
                </td>
                <td data-numeric>{bytesText(bytes)}</td>
                <td data-numeric>{percent(bytes / total)}</td>
                <td data-numeric>{id === 'rest' ? '–' : perDecision(bytes, stored.decisions)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {stored.layers.some(({ isShared }) => isShared) && (
        <p className={styles['note']}>
          Index and state are shared by the ledgers of this server: what is shown of them is this ledger’s
          part, by its entries.
        </p>
      )}
    </>
  )
}

function Bar({ parts, total }: { readonly parts: readonly Part[]; readonly total: number }) {
  const said = parts.map(({ name, bytes }) => `${name} ${percent(bytes / total)}`).join(', ')
  return (
    <div className={styles['bar']} role="img" aria-label={`Of ${bytesText(total)}: ${said}`}>
      {parts.map(({ id, name, bytes }) => (
        <i
          key={id}
          data-part={id}
          style={{ flexGrow: bytes }}
          title={`${name}: ${bytesText(bytes)}, ${percent(bytes / total)}`}
        />
      ))}
    </div>
  )
}

function perDecision(bytes: number, decisions: number | null): string {
  return decisions === null || decisions === 0 ? '–' : bytesText(bytes / decisions)
}
