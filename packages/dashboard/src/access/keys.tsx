import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { counted } from '../display.ts'
import controls from '../elements/controls.module.css'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { useSession } from '../session/state.ts'
import styles from './access.module.css'
import { identityState, inOrder } from './identity.ts'
import type { Identity, MadeKey } from './identity.ts'
import { IdentityTable } from './identity-table.tsx'
import { keysQuery } from './key-queries.ts'
import { KeyShown } from './key-shown.tsx'
import { MakeKey } from './make-key.tsx'
import { RevokeKey } from './revoke-key.tsx'
import type { Revoking } from './revoke-key.tsx'
import { RotateKey } from './rotate-key.tsx'

/** Who holds keys to this ledger, as what, and how far they reach. */
export function Keys() {
  const { ledger } = useSession()
  const { data, error, refetch } = useQuery(keysQuery())
  const [isMaking, setMaking] = useState(false)
  const [rotating, setRotating] = useState<Identity>()
  const [revoking, setRevoking] = useState<Revoking>()
  const [made, setMade] = useState<MadeKey>()
  const [now] = useState(() => Date.now())
  const identities = inOrder(data?.items ?? [], now)
  const live = identities.filter((identity) => identityState(identity, now) === 'live').length
  const make = (
    <button
      type="button"
      className={`${controls['button']} ${controls['primary']}`}
      onClick={() => setMaking(true)}
    >
      Make a key…
    </button>
  )
  return (
    <>
      <div className={styles['intro']}>
        <p>
          A key belongs to an identity and opens ledger <b>{ledger}</b> alone. Only a digest of it is kept
          here: who loses a key is given another.
        </p>
        {make}
      </div>
      <Panel
        title="Identities"
        aside={
          data !== undefined && `${counted(live, 'identity', 'identities')} with a key that opens something`
        }
      >
        {error !== null && <Failed error={error} again={() => void refetch()} />}
        {error === null && data === undefined && <Waiting lines={6} />}
        {data?.items.length === 0 && (
          <Nothing title="Nobody but the token of first start">
            <p>
              Make an identity with the role admin first: from then on the token of first start manages, and
              reads nothing.
            </p>
          </Nothing>
        )}
        {identities.length > 0 && (
          <IdentityTable identities={identities} now={now} rotate={setRotating} revoke={setRevoking} />
        )}
      </Panel>
      <MakeKey isOpen={isMaking} close={() => setMaking(false)} done={setMade} />
      <RotateKey identity={rotating} close={() => setRotating(undefined)} done={setMade} />
      <RevokeKey revoking={revoking} close={() => setRevoking(undefined)} />
      <KeyShown made={made} close={() => setMade(undefined)} />
    </>
  )
}
