import { count, timeText } from '../display.ts'
import table from '../elements/table.module.css'
import { roleText } from '../session/shape.ts'
import styles from './access.module.css'
import { beyondText, denialText, doneText, kindOf } from './look.ts'
import type { Look } from './look.ts'

interface LookTableProps {
  readonly looks: readonly Look[]
  readonly open: (look: Look) => void
}

/** Looks as rows; each opens to all that is recorded of it. */
export function LookTable({ looks, open }: LookTableProps) {
  return (
    <div className={table['wide']}>
      <table className={`${table['table']} ${styles['looks']}`}>
        <thead>
          <tr>
            <th scope="col">When (UTC)</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">What for</th>
            <th scope="col" data-numeric>
              Shown
            </th>
          </tr>
        </thead>
        <tbody>
          {looks.map((look) => (
            <Row key={look.id} look={look} open={open} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ look, open }: { readonly look: Look; readonly open: (look: Look) => void }) {
  const { at, actor, purpose, count: shown, code } = look
  const kind = kindOf(look)
  const beyond = beyondText(look)
  return (
    <tr data-kind={kind} data-testid="look">
      <td>
        <button type="button" className={styles['open']} onClick={() => open(look)}>
          <time dateTime={at}>{timeText(at)}</time>
        </button>
      </td>
      <td>
        {kind === 'gap' ? <span className={styles['faint']}>the server</span> : (actor.name ?? actor.id)}
        {kind !== 'gap' && <span className={styles['faint']}> {roleText(actor.role)}</span>}
      </td>
      <td>
        {doneText(look)}
        {kind === 'denied' && <small>{denialText(code)}</small>}
        {beyond !== undefined && <small>{beyond}</small>}
      </td>
      <td>{purpose ?? <span className={styles['faint']}>–</span>}</td>
      <td data-numeric>{shown === undefined ? <span className={styles['faint']}>–</span> : count(shown)}</td>
    </tr>
  )
}
