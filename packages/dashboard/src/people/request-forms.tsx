/** The steps of a request, each asked for and put on record. */
import { useState } from 'react'
import { ActForm } from '../elements/act.tsx'
import dialogs from '../elements/dialog.module.css'
import { Ask, AskWords, Check, Choose } from '../elements/fields.tsx'
import { act } from '../privacy/acts.ts'
import type { PersonRequest } from './request.ts'

interface StepProps {
  readonly request: PersonRequest
  readonly close: () => void
}

const METHODS = ['identity card', 'passport', 'signed in to their account', 'known in person', 'video call']

export function IdentityForm({ request, close }: StepProps) {
  const [method, setMethod] = useState('')
  const [result, setResult] = useState('confirmed')
  return (
    <ActForm
      title="How was it checked who asks?"
      act="Record the check"
      missing={method.trim() === '' ? 'Say how.' : undefined}
      run={() => step(request, 'identity', { method: method.trim(), result })}
      close={close}
    >
      <Ask
        label="Method"
        value={method}
        onChange={setMethod}
        hint={METHODS.slice(0, 3).join(', ')}
        note="The kind of document or check. Its numbers and copies do not belong here."
        isFirst
      />
      <Choose
        label="Result"
        value={result}
        onChange={setResult}
        options={[
          ['confirmed', 'it is the person'],
          ['failed', 'it could not be confirmed'],
        ]}
      />
    </ActForm>
  )
}

export function ExtendForm({ request, close }: StepProps) {
  const [reason, setReason] = useState('')
  return (
    <ActForm
      title="Extend by two months"
      act="Extend"
      missing={reason.trim() === '' ? 'Say why.' : undefined}
      run={() => step(request, 'extend', { reason: reason.trim() })}
      close={close}
    >
      <AskWords
        label="Why?"
        value={reason}
        onChange={setReason}
        hint="how complex it is, or how many requests there are"
        note="The person is told of the extension and its reasons within the first month (Art. 12(3)). Telling them is yours to do. It can be extended once."
        isFirst
      />
    </ActForm>
  )
}

const OUTCOMES = [
  ['granted', 'granted'],
  ['partly_granted', 'granted in part'],
  ['nothing_held', 'nothing is held of them'],
] as const

export function AnswerForm({ request, close }: StepProps) {
  const [outcome, setOutcome] = useState('granted')
  const [words, setWords] = useState('')
  const [actions, setActions] = useState('')
  const done = actions
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const given = {
    outcome,
    ...(words.trim() !== '' && { words: words.trim() }),
    ...(done.length > 0 && { actions: done }),
  }
  return (
    <ActForm
      title="Record the answer"
      act="Record it"
      missing={undefined}
      run={() => step(request, 'answer', given)}
      close={close}
    >
      <Choose label="Outcome" value={outcome} onChange={setOutcome} options={OUTCOMES} isFirst />
      <AskWords label="What they were told" value={words} onChange={setWords} />
      <AskWords label="What was done" value={actions} onChange={setActions} hint="one thing a line" />
      <p className={dialogs['note']}>
        This records the answer; sending it is yours to do. The clock stops here.
      </p>
    </ActForm>
  )
}

const REFUSAL_GROUNDS = [
  ['', 'choose'],
  ['gdpr_12_5', 'Art. 12(5): manifestly unfounded or excessive'],
  ['gdpr_12_2', 'Art. 12(2): the person cannot be identified'],
  ['gdpr_15_4', 'Art. 15(4): rights of others'],
  ['gdpr_17_3_a', 'Art. 17(3)(a): freedom of expression and information'],
  ['gdpr_17_3_b', 'Art. 17(3)(b): a legal obligation'],
  ['gdpr_17_3_c', 'Art. 17(3)(c): public health'],
  ['gdpr_17_3_d', 'Art. 17(3)(d): archiving, research, statistics'],
  ['gdpr_17_3_e', 'Art. 17(3)(e): legal claims'],
  ['gdpr_20_4', 'Art. 20(4): rights of others'],
  ['gdpr_21_1', 'Art. 21(1): compelling legitimate grounds'],
  ['other', 'another law, by name'],
] as const

const GROUND = /^[a-z][a-z0-9_]{2,63}$/

export function RefuseForm({ request, close }: StepProps) {
  const [chosen, setGround] = useState('')
  const [named, setNamed] = useState('')
  const [reason, setReason] = useState('')
  const [assessment, setAssessment] = useState('')
  const [isTold, setTold] = useState(false)
  const ground = chosen === 'other' ? named.trim() : chosen
  const isObjection = request.requestType === 'objection'
  const given = { ground, reason: reason.trim(), complaintInfoGiven: true }
  const missing = () => {
    if (!GROUND.test(ground)) return 'Say on which ground.'
    if (reason.trim() === '') return 'Say why.'
    if (isObjection && assessment.trim() === '') return 'Say how it was weighed.'
    return isTold ? undefined : 'The person is told how to complain.'
  }
  return (
    <ActForm
      title="Refuse the request"
      act="Refuse"
      isGrave
      missing={missing()}
      run={() => step(request, 'refuse', { ...given, ...(isObjection && { assessment: assessment.trim() }) })}
      close={close}
    >
      <Choose label="Ground" value={chosen} onChange={setGround} options={REFUSAL_GROUNDS} isFirst />
      {chosen === 'other' && (
        <Ask
          label="Which?"
          value={named}
          onChange={setNamed}
          hint="bdsg_34_1"
          note="Small letters, digits and _."
        />
      )}
      <AskWords label="Why?" value={reason} onChange={setReason} />
      {isObjection && (
        <AskWords
          label="How was it weighed?"
          value={assessment}
          onChange={setAssessment}
          note="Compelling grounds against the interests of the person (Art. 21(1))."
        />
      )}
      <Check
        label="The person is told why, and how to complain to an authority or a court (Art. 12(4))"
        isChecked={isTold}
        onChange={setTold}
      />
    </ActForm>
  )
}

function step({ requestId }: PersonRequest, name: string, body: object): Promise<unknown> {
  return act(`/v1/requests/${encodeURIComponent(requestId)}/${name}`, body)
}
