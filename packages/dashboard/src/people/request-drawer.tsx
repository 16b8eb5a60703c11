import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import controls from '../elements/controls.module.css'
import { shortHandle } from '../privacy/words.ts'
import { ActDialog, Drawer } from '../elements/act.tsx'
import { Failed, Waiting } from '../elements/state.tsx'
import { useNow } from '../now.ts'
import { History } from '../privacy/history.tsx'
import privacy from '../privacy/privacy.module.css'
import { useMay } from '../session/state.ts'
import { Clock } from './clock.tsx'
import { ExportPerson } from './export-person.tsx'
import { requestQuery } from './people-queries.ts'
import { IDENTITY_WORDS, isAnsweredByContent, obstacleTo, typeName } from './request.ts'
import type { PersonRequest } from './request.ts'
import { AnswerForm, ExtendForm, IdentityForm, RefuseForm } from './request-forms.tsx'

interface RequestDrawerProps {
  readonly id: string | undefined
  readonly close: () => void
}

/** One request: its clock, what was done about it, and the next step. */
export function RequestDrawer({ id, close }: RequestDrawerProps) {
  return (
    <Drawer isOpen={id !== undefined} close={close} title="Request">
      {id !== undefined && <Loaded id={id} />}
    </Drawer>
  )
}

function Loaded({ id }: { readonly id: string }) {
  const { data, error, refetch } = useQuery(requestQuery(id))
  const may = useMay()
  if (error !== null) return <Failed error={error} again={() => void refetch()} />
  if (data === undefined) return <Waiting lines={8} label="Loading the request" />
  return (
    <div className={privacy['sheet']}>
      <Facts request={data} />
      <Clock request={data} />
      {may('rights') && <Steps request={data} />}
      <h3>What was recorded</h3>
      <History steps={data.history} hidden={SAID_ABOVE} />
    </div>
  )
}

/** What every step repeats. */
const SAID_ABOVE: ReadonlySet<string> = new Set(['requestId', 'requestType', 'requestedAt', 'links', 'dueAt'])

function Facts({ request }: { readonly request: PersonRequest }) {
  const { requestType, isMarketing, subject, state, identity, requestId } = request
  return (
    <dl className={privacy['facts']}>
      <div>
        <dt>Asks for</dt>
        <dd>
          {typeName(requestType)}
          {isMarketing && ' to direct marketing'}
        </dd>
      </div>
      <div>
        <dt>Person</dt>
        <dd>
          <Link to="/person/$handle" params={{ handle: subject }} className={controls['link']}>
            <code>{shortHandle(subject)}</code>
          </Link>
        </dd>
      </div>
      <div>
        <dt>State</dt>
        <dd>
          {state}, {IDENTITY_WORDS[identity]}
        </dd>
      </div>
      <div>
        <dt>Request</dt>
        <dd>
          <code>{requestId}</code>
        </dd>
      </div>
    </dl>
  )
}

const STEPS = [
  ['identity', 'Identity check…'],
  ['answer', 'Answer…'],
  ['extend', 'Extend…'],
  ['refuse', 'Refuse…'],
] as const

type StepName = (typeof STEPS)[number][0] | 'export'

function Steps({ request }: { readonly request: PersonRequest }) {
  const [step, setStep] = useState<StepName>()
  const now = useNow()
  const may = useMay()
  const close = () => setStep(undefined)
  const isExported = isAnsweredByContent(request) && may('own_export')
  const given = { request, close }
  return (
    <>
      <div className={privacy['acts']}>
        {STEPS.map(([name, text]) => {
          const obstacle = obstacleTo(name, request, now)
          return (
            <button
              key={name}
              type="button"
              className={controls['button']}
              disabled={obstacle !== undefined}
              title={obstacle}
              onClick={() => setStep(name)}
            >
              {text}
            </button>
          )
        })}
        {isExported && (
          <button
            type="button"
            className={controls['button']}
            disabled={request.identity !== 'confirmed'}
            onClick={() => setStep('export')}
          >
            Export…
          </button>
        )}
      </div>
      <Obstacles request={request} now={now} />
      <ActDialog isOpen={step !== undefined} close={close}>
        {step === 'identity' && <IdentityForm {...given} />}
        {step === 'answer' && <AnswerForm {...given} />}
        {step === 'extend' && <ExtendForm {...given} />}
        {step === 'refuse' && <RefuseForm {...given} />}
        {step === 'export' && <ExportPerson person={request.subject} request={request} close={close} />}
      </ActDialog>
    </>
  )
}

/** Why some steps are not open, where that is not plain from its state. */
function Obstacles({ request, now }: { readonly request: PersonRequest; readonly now: number }) {
  if (request.closedAt !== undefined) return null
  const reasons = STEPS.flatMap(([name]) => obstacleTo(name, request, now) ?? [])
  return reasons.length === 0 ? null : <p className={privacy['note']}>{reasons.join(' ')}</p>
}
