/** What is recorded of a person beside requests, each asked for and put on record. */
import { useState } from 'react'
import { ActForm } from '../elements/act.tsx'
import dialogs from '../elements/dialog.module.css'
import { Ask, AskWords, Check, Choose } from '../elements/fields.tsx'
import { act } from '../privacy/acts.ts'
import type { Person } from './person.ts'
import { valueOf } from './value-typed.ts'

interface PersonFormProps {
  readonly person: Person
  readonly close: () => void
}

const RESTRICTION_GROUNDS = [
  ['', 'none named'],
  ['gdpr_18_1_a', 'Art. 18(1)(a): accuracy is contested'],
  ['gdpr_18_1_b', 'Art. 18(1)(b): unlawful, and they want no erasure'],
  ['gdpr_18_1_c', 'Art. 18(1)(c): they need it for legal claims'],
  ['gdpr_18_1_d', 'Art. 18(1)(d): an objection is being weighed'],
] as const

export function RestrictForm({ person, close }: PersonFormProps) {
  const [ground, setGround] = useState('')
  const [reason, setReason] = useState('')
  const body = { isRestricted: true, reason: reason.trim(), ...(ground !== '' && { ground }) }
  return (
    <ActForm
      title="Restrict processing"
      act="Restrict"
      missing={reason.trim() === '' ? 'Say why.' : undefined}
      run={() => act(`${pathOf(person)}/restriction`, body)}
      close={close}
    >
      <Choose label="Ground" value={ground} onChange={setGround} options={RESTRICTION_GROUNDS} />
      <AskWords label="Why?" value={reason} onChange={setReason} isFirst />
      <p className={dialogs['note']}>
        From then on decisions about this person are shown for a stated purpose only, and lists and numbers
        leave them out. Nothing is erased.
      </p>
    </ActForm>
  )
}

export function LiftForm({ person, close }: PersonFormProps) {
  const [day, setDay] = useState('')
  const [reason, setReason] = useState('')
  const missing = () => {
    if (day === '') return 'Say when they were told.'
    return reason.trim() === '' ? 'Say why.' : undefined
  }
  const body = { isRestricted: false, reason: reason.trim(), informedAt: `${day}T00:00:00Z` }
  return (
    <ActForm
      title="Lift the restriction"
      act="Lift it"
      missing={missing()}
      run={() => act(`${pathOf(person)}/restriction`, body)}
      close={close}
    >
      <Ask
        label="When was the person told?"
        type="date"
        value={day}
        onChange={setDay}
        note="They are told before it is lifted (Art. 18(3))."
        isFirst
      />
      <AskWords label="Why?" value={reason} onChange={setReason} />
    </ActForm>
  )
}

export function ObjectForm({ person, close }: PersonFormProps) {
  const [isMarketing, setMarketing] = useState(false)
  const [statement, setStatement] = useState('')
  const body = {
    requestType: 'objection',
    subject: person.handle,
    ...(isMarketing && { isMarketing }),
    ...(statement.trim() !== '' && { statement: statement.trim() }),
  }
  return (
    <ActForm
      title="The person objects"
      act="Record the objection"
      missing={undefined}
      run={() => act('/v1/requests', body)}
      close={close}
    >
      <AskWords label="In their words" value={statement} onChange={setStatement} isFirst maxLength={20_000} />
      <Check
        label="It is about direct marketing, which cannot be refused (Art. 21(3))"
        isChecked={isMarketing}
        onChange={setMarketing}
      />
      <p className={dialogs['note']}>
        An objection counts at once: until it is refused on compelling grounds that were weighed, what is
        recorded of this person is restricted.
      </p>
    </ActForm>
  )
}

export function RectifyForm({ person, close }: PersonFormProps) {
  const [decision, setDecision] = useState('')
  const [pointer, setPointer] = useState('')
  const [value, setValue] = useState('')
  const [statement, setStatement] = useState('')
  const [reason, setReason] = useState('')
  const missing = () => {
    if (decision.trim() === '') return 'Say which decision.'
    if (pointer.trim() !== '' && !pointer.startsWith('/')) return 'A field is named from /.'
    if (pointer.trim() === '' && statement.trim() === '') return 'Say what is right.'
    return reason.trim() === '' ? 'Say why.' : undefined
  }
  const body = {
    decision: decision.trim(),
    reason: reason.trim(),
    ...(pointer.trim() !== '' && { values: [{ pointer: pointer.trim(), value: valueOf(value) }] }),
    ...(statement.trim() !== '' && { statement: statement.trim() }),
  }
  return (
    <ActForm
      title="Say what is right"
      act="Record it"
      missing={missing()}
      run={() => act(`${pathOf(person)}/rectifications`, body)}
      close={close}
    >
      <Ask
        label="Of which decision?"
        value={decision}
        onChange={setDecision}
        hint="its entry id, or the id its sender gave it"
        maxLength={1_024}
        isFirst
      />
      <Ask
        label="Field"
        value={pointer}
        onChange={setPointer}
        hint="/inputFeatures/income"
        maxLength={1_024}
      />
      <Ask
        label="What is right"
        value={value}
        onChange={setValue}
        hint="42000, true, or words"
        maxLength={4_000}
      />
      <AskWords label="Or in words" value={statement} onChange={setStatement} />
      <AskWords label="Why?" value={reason} onChange={setReason} />
      <p className={dialogs['note']}>
        A decision was taken on what was recorded, so that stays; what is right is recorded beside it, and the
        decision is restricted from then on.
      </p>
    </ActForm>
  )
}

export function MergeForm({ person, close }: PersonFormProps) {
  const [other, setOther] = useState('')
  const [reason, setReason] = useState('')
  const missing = () => {
    if (other.trim() === '') return 'Say which other id.'
    return reason.trim() === '' ? 'Say how you know.' : undefined
  }
  const body = { from: other.trim(), into: person.handle, reason: reason.trim() }
  return (
    <ActForm
      title="Two ids are this person"
      act="Merge"
      missing={missing()}
      run={() => act('/v1/subjects:merge', body)}
      close={close}
    >
      <Ask
        label="The other id"
        value={other}
        onChange={setOther}
        hint="an id by which records name them, or a handle"
        maxLength={1_024}
        isFirst
      />
      <AskWords label="How do you know?" value={reason} onChange={setReason} />
      <p className={dialogs['note']}>
        From then on lists, exports, holds, restriction and erasure of either take both. Nothing is rewritten,
        and it can be undone.
      </p>
    </ActForm>
  )
}

export function SplitForm({ mergeId, close }: { readonly mergeId: string; readonly close: () => void }) {
  const [reason, setReason] = useState('')
  return (
    <ActForm
      title="Undo the merge"
      act="Undo it"
      missing={reason.trim() === '' ? 'Say why.' : undefined}
      run={() => act('/v1/subjects:split', { mergeId, reason: reason.trim() })}
      close={close}
    >
      <AskWords label="Why?" value={reason} onChange={setReason} isFirst />
    </ActForm>
  )
}

function pathOf({ handle }: Person): string {
  return `/v1/subjects/${encodeURIComponent(handle)}`
}
