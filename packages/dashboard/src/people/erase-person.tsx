import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { count, counted } from '../display.ts'
import { ActForm } from '../elements/act.tsx'
import dialogs from '../elements/dialog.module.css'
import { Ask, AskWords, Choose } from '../elements/fields.tsx'
import { ERASURE_GROUNDS } from '../erasure/erasure.ts'
import { privacyQuery } from '../fields/field-queries.ts'
import { reloadPeople } from '../privacy/acts.ts'
import { useMay } from '../session/state.ts'
import { erase } from './people-queries.ts'
import styles from './people.module.css'
import type { Person } from './person.ts'

/** How much of a handle is typed to confirm. */
const CONFIRMED = 8

interface ErasePersonProps {
  readonly person: Person
  readonly close: () => void
}

/** Says what an erasure does and what it leaves, and asks for it when the handle is typed. */
export function ErasePerson({ person, close }: ErasePersonProps) {
  const navigate = useNavigate()
  const may = useMay()
  const [ground, setGround] = useState('gdpr_17_1_a')
  const [reason, setReason] = useState('')
  const [reference, setReference] = useState('')
  const [typed, setTyped] = useState('')
  const expected = person.handle.slice(0, CONFIRMED)
  const run = async () => {
    const erasureId = await erase(person.handle, {
      ground,
      ...(reason.trim() !== '' && { reason: reason.trim() }),
      ...(reference.trim() !== '' && { requestRef: reference.trim() }),
    })
    if (may('erasures')) await navigate({ to: '/erasure/$id', params: { id: erasureId } })
    else await reloadPeople()
  }
  return (
    <ActForm
      title="Erase this person?"
      act="Erase for good"
      isGrave
      missing={typed.trim() === expected ? undefined : `Type ${expected} to confirm.`}
      run={run}
      close={close}
    >
      <Consequences person={person} />
      <Choose label="Ground" value={ground} onChange={setGround} options={ERASURE_GROUNDS} />
      <Ask
        label="Reference of their request"
        value={reference}
        onChange={setReference}
        hint="r-… or your own"
        note="Notices are addressed by it."
      />
      <AskWords
        label="Why?"
        value={reason}
        onChange={setReason}
        note="Sealed in the register of erasures, and gone from it when the erasure is completed."
      />
      <Ask
        label={`Type the first ${CONFIRMED} digits of the handle`}
        value={typed}
        onChange={setTyped}
        hint={expected}
      />
    </ActForm>
  )
}

function Consequences({ person }: { readonly person: Person }) {
  const may = useMay()
  const { data } = useQuery({ ...privacyQuery(), enabled: may('settings') })
  const { records, ids, holds } = person
  return (
    <div className={styles['consequences']}>
      <h3>What happens</h3>
      <p>
        The keys of {ids === 1 ? 'this person' : `all ${count(ids)} ids of this person`} are destroyed; the
        sealed content of {counted(records, 'record')} is deleted from vault and write-ahead log, and their
        rows from the index. Of a record that names others too, what names this person goes. It cannot be
        undone.
      </p>
      <h3>What is left</h3>
      <p>
        In the ledger, that something of some kind was recorded at that time by that system, and proofs that
        go on holding. Of a record about others too, what is about them. Copies elsewhere: in backups until
        they are deleted, in exports, at whoever was sent one.
      </p>
      {holds.length > 0 && (
        <p className={dialogs['warning']}>
          {counted(holds.length, 'hold')} {holds.length === 1 ? 'stands' : 'stand'} in the way. The erasure
          waits, the person is restricted meanwhile, and it runs by itself when the last hold is released.
        </p>
      )}
      {data?.erasure.twoPersons === true && (
        <p className={dialogs['warning']}>A second person has to agree before it runs.</p>
      )}
    </div>
  )
}
