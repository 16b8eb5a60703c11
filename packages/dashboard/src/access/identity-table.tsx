import controls from '../elements/controls.module.css'
import table from '../elements/table.module.css'
import { roleText } from '../session/shape.ts'
import styles from './access.module.css'
import { identityState, keyState, keyText, reachOf } from './identity.ts'
import type { AccessKey, Identity } from './identity.ts'
import type { Revoking } from './revoke-key.tsx'

interface IdentityTableProps {
  readonly identities: readonly Identity[]
  readonly now: number
  readonly rotate: (identity: Identity) => void
  readonly revoke: (revoking: Revoking) => void
}

/** Identities with their keys. */
export function IdentityTable({ identities, now, rotate, revoke }: IdentityTableProps) {
  return (
    <div className={table['wide']}>
      <table className={`${table['table']} ${styles['identities']}`}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Roles</th>
            <th scope="col">Reach</th>
            <th scope="col">Keys</th>
            <th scope="col">
              <span className={table['heard']}>What can be done</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {identities.map((identity) => (
            <Row key={identity.id} identity={identity} now={now} rotate={rotate} revoke={revoke} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface RowProps extends Omit<IdentityTableProps, 'identities'> {
  readonly identity: Identity
}

function Row({ identity, now, rotate, revoke }: RowProps) {
  const { id, name, roles } = identity
  const state = identityState(identity, now)
  const reach = reachOf(identity)
  return (
    <tr data-state={state} data-testid="identity">
      <td>
        <b>{name}</b>
        <small>
          <code>{id}</code>
        </small>
      </td>
      <td>{roles.map(roleText).join(', ')}</td>
      <td>
        {reach.length === 0 ? (
          <span className={styles['faint']}>all of the ledger</span>
        ) : (
          reach.map((part) => <span key={part}>{part}</span>)
        )}
      </td>
      <td>
        {identity.keys.map((key) => (
          <KeyLine key={key.id} identity={identity} held={key} now={now} revoke={revoke} />
        ))}
      </td>
      <td>
        {identity.revokedAt === null && (
          <span className={styles['acts']}>
            <button type="button" className={controls['button']} onClick={() => rotate(identity)}>
              Rotate…
            </button>
            <button type="button" className={controls['button']} onClick={() => revoke({ identity })}>
              Revoke…
            </button>
          </span>
        )}
      </td>
    </tr>
  )
}

interface KeyLineProps {
  readonly identity: Identity
  readonly held: AccessKey
  readonly now: number
  readonly revoke: (revoking: Revoking) => void
}

function KeyLine({ identity, held, now, revoke }: KeyLineProps) {
  const state = keyState(identity, held, now)
  const isOneOfSeveral =
    state === 'live' && identity.keys.filter((key) => keyState(identity, key, now) === 'live').length > 1
  return (
    <span className={styles['key']} data-state={state}>
      <i aria-hidden />
      <code title={held.id}>{held.id.slice(0, 8)}</code>
      <span>{keyText(identity, held, now)}</span>
      {isOneOfSeveral && (
        <button
          type="button"
          className={controls['link']}
          onClick={() => revoke({ identity, keyId: held.id })}
        >
          revoke this key
        </button>
      )}
    </span>
  )
}
