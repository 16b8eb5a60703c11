import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError } from '../client.ts'
import { timeText } from '../display.ts'
import { ActDialog, ActForm } from '../elements/act.tsx'
import controls from '../elements/controls.module.css'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { useKeys } from '../keyboard.ts'
import { useMay } from '../session/state.ts'
import { groundText, standingText, stepsOf } from './erasure.ts'
import type { Erasure } from './erasure.ts'
import { approveErasure, erasureQuery } from './erasure-queries.ts'
import styles from './erasure.module.css'
import { Receipt, ReceiptBadge } from './receipt.tsx'

const route = getRouteApi('/privacy/erasure/$id')

/** One erasure: how it stands, and its receipt, which is checked in this browser. */
export function ErasurePage() {
  const { id } = route.useParams()
  const may = useMay()
  const { data, error, refetch } = useQuery({ ...erasureQuery(id), enabled: may('erasures') })
  const navigate = useNavigate()
  useKeys({ u: () => void navigate({ to: '/erasures', search: {} }) })
  return (
    <>
      {!may('erasures') && <Nothing title="Your key may not see erasures" />}
      {error !== null && <Missing error={error} again={() => void refetch()} />}
      {may('erasures') && error === null && data === undefined && (
        <Waiting lines={10} label="Loading the erasure" />
      )}
      {data !== undefined && <Known erasure={data} again={() => void refetch()} />}
    </>
  )
}

function Missing({ error, again }: { readonly error: Error; readonly again: () => void }) {
  if (!(error instanceof ApiError) || error.status !== 404) return <Failed error={error} again={again} />
  return (
    <Nothing title="No erasure has this id">
      <Link to="/erasures" search={{}} className={controls['link']}>
        All erasures
      </Link>
    </Nothing>
  )
}

interface KnownProps {
  readonly erasure: Erasure
  readonly again: () => void
}

function Known({ erasure, again }: KnownProps) {
  const { erasureId, receipt, requestedAt, ground } = erasure
  return (
    <>
      <header className={styles['head']}>
        <div>
          <h1>{standingTitle(erasure)}</h1>
          <p>
            asked for {timeText(requestedAt)} UTC; ground: {groundText(ground)}
          </p>
          <p>
            <code>{erasureId}</code>
          </p>
        </div>
        {receipt !== null && <ReceiptBadge receipt={receipt} />}
      </header>
      <Way erasure={erasure} />
      {receipt === null ? <Waits erasure={erasure} again={again} /> : <Receipt receipt={receipt} />}
    </>
  )
}

/** How it stands, as a heading. */
function standingTitle(erasure: Erasure): string {
  const text = standingText(erasure)
  return erasure.status === 'completed' ? text : `Erasure ${text}`
}

function Way({ erasure }: { readonly erasure: Erasure }) {
  return (
    <ol className={styles['way']} aria-label="How far it is">
      {stepsOf(erasure).map(({ name, state }) => (
        <li key={name} data-state={state} aria-current={state === 'now' ? 'step' : undefined}>
          {name}
        </li>
      ))}
    </ol>
  )
}

/** Why it is not completed, and what whoever may can do about it. */
function Waits({ erasure, again }: KnownProps) {
  const { waitingFor, holds } = erasure
  const may = useMay()
  return (
    <section className={styles['waits']} aria-label="Why it is not completed">
      {waitingFor === null && (
        <p role="status">
          Keys and content are being deleted. This page shows the receipt when that is done.
        </p>
      )}
      {erasure.failure !== null && (
        <p role="alert">
          It did not come to its end when it was last tried, and is tried again: {erasure.failure}
        </p>
      )}
      {waitingFor === 'approval' && (
        <>
          <p>
            Two people have to want it: whoever asked cannot be the one who agrees. From the moment it was
            asked for, nothing new is sealed with the keys that are to go.
          </p>
          {may('erase') && <Approve erasure={erasure} />}
        </>
      )}
      {waitingFor === 'hold' && (
        <>
          <p>
            It runs by itself when the last of these is released. Until then the person is restricted, and a
            notice to them is queued.
          </p>
          <ul>
            {holds.map((hold) => (
              <li key={hold}>
                {may('holds') ? (
                  <Link to="/holds" search={{ hold }} className={controls['link']}>
                    <code>{hold}</code>
                  </Link>
                ) : (
                  <code>{hold}</code>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      {waitingFor !== null && (
        <button type="button" className={controls['link']} onClick={again}>
          Ask again
        </button>
      )}
    </section>
  )
}

function Approve({ erasure }: { readonly erasure: Erasure }) {
  const [isOpen, setOpen] = useState(false)
  const close = () => setOpen(false)
  return (
    <>
      <button
        type="button"
        className={`${controls['button']} ${controls['danger']}`}
        onClick={() => setOpen(true)}
      >
        Agree to it…
      </button>
      <ActDialog isOpen={isOpen} close={close}>
        <ActForm
          title="Agree to this erasure?"
          act="Agree, erase for good"
          isGrave
          missing={undefined}
          run={() => approveErasure(erasure.erasureId)}
          close={close}
        >
          <p>
            It runs at once unless a hold stands in its way. Keys are destroyed and sealed content is deleted;
            it cannot be undone. That you agreed is recorded.
          </p>
        </ActForm>
      </ActDialog>
    </>
  )
}
