import { useState } from 'react'
import { ActDialog, ActForm } from '../elements/act.tsx'
import { Ask, AskWords, Check, Choose } from '../elements/fields.tsx'
import { act } from '../privacy/acts.ts'
import { REQUEST_TYPES, TYPE_WORDS } from './request.ts'
import type { PersonRequest, RequestType } from './request.ts'

interface NewRequestProps {
  readonly isOpen: boolean
  readonly close: () => void
  /** The handle of the person, where it is known already. */
  readonly person?: string
  readonly requestType?: RequestType
  readonly done: (requestId: string) => void
}

/** Records that a person asks for something. */
export function NewRequest(props: NewRequestProps) {
  return (
    <ActDialog isOpen={props.isOpen} close={props.close}>
      <NewRequestForm {...props} />
    </ActDialog>
  )
}

function NewRequestForm({ close, person, requestType = 'access', done }: NewRequestProps) {
  const [type, setType] = useState<string>(requestType)
  const [subject, setSubject] = useState('')
  const [day, setDay] = useState('')
  const [channel, setChannel] = useState('')
  const [statement, setStatement] = useState('')
  const [isMarketing, setMarketing] = useState(false)
  const named = person ?? subject.trim()
  const run = async () => {
    const made = await act<PersonRequest>('/v1/requests', {
      requestType: type,
      subject: named,
      ...(day !== '' && { receivedAt: `${day}T00:00:00Z` }),
      ...(channel.trim() !== '' && { channel: channel.trim() }),
      ...(statement.trim() !== '' && { statement: statement.trim() }),
      ...(type === 'objection' && isMarketing && { isMarketing }),
    })
    done(made.requestId)
  }
  return (
    <ActForm
      title="A person asks for something"
      act="Record the request"
      missing={named === '' ? 'Say who asks.' : undefined}
      run={run}
      close={close}
    >
      <Choose
        label="What for?"
        value={type}
        onChange={setType}
        options={REQUEST_TYPES.map((name) => [name, TYPE_WORDS[name]])}
        isFirst
      />
      {person === undefined && (
        <Ask
          label="Who?"
          value={subject}
          onChange={setSubject}
          maxLength={1_024}
          hint="the id by which records name them, or a handle"
        />
      )}
      <Ask
        label="When did it come?"
        type="date"
        value={day}
        onChange={setDay}
        note="Left empty, now. The month runs from that day, not from today."
      />
      <Ask label="How?" value={channel} onChange={setChannel} hint="letter, mail, telephone" />
      <AskWords
        label="In their words"
        value={statement}
        onChange={setStatement}
        note="Sealed with the key of the person, and erased with them."
        maxLength={20_000}
      />
      {type === 'objection' && (
        <Check
          label="It is about direct marketing, which cannot be refused (Art. 21(3))"
          isChecked={isMarketing}
          onChange={setMarketing}
        />
      )}
    </ActForm>
  )
}
