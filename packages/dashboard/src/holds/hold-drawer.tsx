import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { dayText, timeText } from '../display.ts'
import { ActDialog, ActForm, Drawer } from '../elements/act.tsx'
import controls from '../elements/controls.module.css'
import { Ask, AskWords } from '../elements/fields.tsx'
import { Failed, Waiting } from '../elements/state.tsx'
import { useNow } from '../now.ts'
import { History } from '../privacy/history.tsx'
import privacy from '../privacy/privacy.module.css'
import { shortHandle } from '../privacy/words.ts'
import { useMay, useSession } from '../session/state.ts'
import { groundText, scopeText, stateText } from './hold.ts'
import type { Hold } from './hold.ts'
import { holdQuery, releaseHold, reviewHold } from './hold-queries.ts'

interface HoldDrawerProps {
  readonly id: string | undefined
  readonly close: () => void
}

/** One hold: what it holds, what was recorded of it, and the next step. */
export function HoldDrawer({ id, close }: HoldDrawerProps) {
  return (
    <Drawer isOpen={id !== undefined} close={close} title="Hold">
      {id !== undefined && <Loaded id={id} />}
    </Drawer>
  )
}

const SAID_ABOVE: ReadonlySet<string> = new Set(['holdId', 'scope', 'links', 'ground'])

function Loaded({ id }: { readonly id: string }) {
  const may = useMay()
  const { data, error, refetch } = useQuery(holdQuery(id))
  if (error !== null) return <Failed error={error} again={() => void refetch()} />
  if (data === undefined) return <Waiting lines={8} label="Loading the hold" />
  return (
    <div className={privacy['sheet']}>
      <Facts hold={data} />
      {may('hold') && data.state !== 'released' && <Steps hold={data} />}
      <h3>What was recorded</h3>
      <History steps={data.history} hidden={SAID_ABOVE} />
    </div>
  )
}

function Facts({ hold }: { readonly hold: Hold }) {
  const { ground, scope, placedAt, reviewAt, releasedAt, holdId } = hold
  return (
    <dl className={privacy['facts']}>
      <Fact name="Ground">{groundText(ground)}</Fact>
      <Fact name="State">{stateText(hold)}</Fact>
      <Fact name="Holds">{scopeText(scope).join(', within ')}</Fact>
      {scope.subjects !== undefined && (
        <Fact name="People">
          {scope.subjects.map((handle) => (
            <span key={handle} className={privacy['item']}>
              <Link to="/person/$handle" params={{ handle }} className={controls['link']} title={handle}>
                <code>{shortHandle(handle)}</code>
              </Link>
            </span>
          ))}
        </Fact>
      )}
      {scope.decisions !== undefined && (
        <Fact name="Decisions">
          {scope.decisions.map((id) => (
            <span key={id} className={privacy['item']}>
              <Link to="/decisions/$id" params={{ id }} className={controls['link']}>
                <code>{id}</code>
              </Link>
            </span>
          ))}
        </Fact>
      )}
      <Fact name="Placed">{timeText(placedAt)} UTC</Fact>
      {reviewAt !== undefined && <Fact name="Review">{dayText(reviewAt)}</Fact>}
      {releasedAt !== undefined && <Fact name="Released">{timeText(releasedAt)} UTC</Fact>}
      <Fact name="Hold">
        <code>{holdId}</code>
      </Fact>
    </dl>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Steps({ hold }: { readonly hold: Hold }) {
  const { identity } = useSession()
  const [step, setStep] = useState<'review' | 'release'>()
  const close = () => setStep(undefined)
  const isOwn = hold.releasedBy.includes(identity.id)
  const isAsked = hold.state === 'release_asked'
  return (
    <>
      <div className={privacy['acts']}>
        <button type="button" className={controls['button']} onClick={() => setStep('review')}>
          Still needed…
        </button>
        <button
          type="button"
          className={controls['button']}
          disabled={isOwn}
          onClick={() => setStep('release')}
        >
          {isAsked ? 'Confirm the release…' : 'Ask for its release…'}
        </button>
      </div>
      <p className={privacy['note']}>
        {isOwn ? 'You asked for its release; another identity has to confirm it.' : TWO}
      </p>
      <ActDialog isOpen={step !== undefined} close={close}>
        {step === 'review' && <ReviewForm hold={hold} close={close} />}
        {step === 'release' && <ReleaseForm hold={hold} close={close} />}
      </ActDialog>
    </>
  )
}

const TWO =
  'Releasing takes two: one identity asks, another confirms. What waited for it then runs by itself.'

interface StepProps {
  readonly hold: Hold
  readonly close: () => void
}

function ReviewForm({ hold, close }: StepProps) {
  const now = useNow()
  const [day, setDay] = useState('')
  const [reason, setReason] = useState('')
  const missing = () => {
    if (day === '' || Date.parse(day) <= now) return 'Say when it is looked at next.'
    return reason.trim() === '' ? 'Say why it is still needed.' : undefined
  }
  return (
    <ActForm
      title="It was looked at, and is still needed"
      act="Record the review"
      missing={missing()}
      run={() => reviewHold(hold.holdId, day, reason.trim())}
      close={close}
    >
      <AskWords label="Why is it still needed?" value={reason} onChange={setReason} isFirst />
      <Ask label="Looked at next on" type="date" value={day} onChange={setDay} />
    </ActForm>
  )
}

function ReleaseForm({ hold, close }: StepProps) {
  const [reason, setReason] = useState('')
  const isAsked = hold.state === 'release_asked'
  return (
    <ActForm
      title={isAsked ? 'Confirm the release' : 'Ask for the release'}
      act={isAsked ? 'Release' : 'Ask for it'}
      isGrave={isAsked}
      missing={reason.trim() === '' ? 'Say why.' : undefined}
      run={() => releaseHold(hold.holdId, reason.trim())}
      close={close}
    >
      <AskWords
        label="Why?"
        value={reason}
        onChange={setReason}
        isFirst
        {...(isAsked && { note: RELEASED })}
      />
    </ActForm>
  )
}

const RELEASED = 'Erasures that waited for this hold alone run at once, and cannot be undone.'
