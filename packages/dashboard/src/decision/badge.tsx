import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useKeys } from '../keyboard.ts'
import { isWitnessed } from '../proof/steps.ts'
import type { ShownCheck } from '../proof/steps.ts'
import type { HeldDecision, Verification } from '../proof/gather.ts'
import { verificationQuery } from '../queries.ts'
import { useMay } from '../session/state.ts'
import styles from './badge.module.css'
import { EvidenceDrawer } from './evidence-drawer.tsx'
import type { CheckAbout } from './evidence-drawer.tsx'
import { EvidenceRing } from './evidence-ring.tsx'

/** What a badge says. Nothing here ever says just "verified": a check rests on a key, and the words name whose. */
export interface Words {
  readonly tone: 'sound' | 'waiting' | 'plain' | 'unknown' | 'alarm'
  readonly main: string
  readonly rest: string
}

const UNASKED: Words = {
  tone: 'plain',
  main: 'Not checked in this browser',
  rest: ': your key does not read the raw ledger. Its evidence can be exported to you as a file that checks itself.',
}

/** The answer of this browser's own check of a decision, and the way to its steps. */
export function Badge({ decision }: { readonly decision: HeldDecision }) {
  const may = useMay()
  // A request that would be refused is not made unasked: the refusal would stand in the record of looks.
  const mayCheck = may('prove') && may('ledger')
  const query = useQuery({ ...verificationQuery(decision), enabled: mayCheck })
  const isUnasked = !mayCheck && query.fetchStatus === 'idle' && query.status === 'pending'
  return <CheckBadge query={query} {...(isUnasked && { unasked: UNASKED })} about={DECISION} />
}

const DECISION: CheckAbout = {
  title: 'How this decision was checked',
  limits: 'Proves the record has not changed since it was recorded. Does not prove that it was true.',
}

interface CheckBadgeProps {
  readonly query: {
    readonly data: Verification<ShownCheck> | undefined
    readonly error: Error | null
    readonly isFetching: boolean
    readonly refetch: () => unknown
  }
  /** What is said instead where nothing was asked because the reader may not. */
  readonly unasked?: Words
  readonly about: CheckAbout
}

/** What a check came to, and the way to its steps. */
export function CheckBadge({ query, unasked, about }: CheckBadgeProps) {
  const [isOpen, setOpen] = useState(false)
  useKeys({ p: () => setOpen(true) })
  const verification = query.data
  const { tone, main, rest } = unasked ?? wordsFor(verification, query.error)
  return (
    <>
      <button
        type="button"
        className={styles['badge']}
        data-tone={tone}
        data-testid="badge"
        data-outcome={outcomeOf(verification, unasked !== undefined)}
        onClick={() => setOpen(true)}
        aria-haspopup="dialog"
      >
        <EvidenceRing steps={verification?.phase === 'done' ? verification.check.steps : undefined} />
        <span aria-live="polite">
          <b>{main}</b>
          {rest}
        </span>
      </button>
      <EvidenceDrawer
        isOpen={isOpen}
        onOpenChange={setOpen}
        verification={verification}
        about={about}
        summary={`${main}${rest}`}
        again={() => void query.refetch()}
        isChecking={query.isFetching}
      />
    </>
  )
}

function outcomeOf(verification: Verification<ShownCheck> | undefined, isUnasked: boolean): string {
  if (isUnasked) return 'unasked'
  if (verification === undefined) return 'checking'
  return verification.phase === 'done' ? verification.check.outcome : verification.phase
}

function wordsFor(verification: Verification<ShownCheck> | undefined, error: Error | null): Words {
  if (error !== null)
    return { tone: 'unknown', main: 'Could not be checked here', rest: `: ${error.message}` }
  if (verification === undefined) return { tone: 'waiting', main: 'Checking in this browser', rest: '…' }
  switch (verification.phase) {
    case 'pending':
      return { tone: 'waiting', main: 'Recorded, not yet in a checkpoint', rest: '; asking again' }
    case 'unavailable':
      return { tone: 'unknown', main: 'Could not be checked here', rest: `: ${verification.reason}` }
    case 'unreadable':
      return { tone: 'alarm', main: 'Does not check out', rest: `: ${verification.reason}` }
    case 'done':
      return wordsForCheck(verification.check)
  }
}

function wordsForCheck({ outcome, reasons, steps }: ShownCheck): Words {
  switch (outcome) {
    case 'own-key':
      return { tone: 'sound', main: "Consistent with the operator's own key", rest: ', no outside witness' }
    case 'pasted-key':
      return {
        tone: 'sound',
        main: 'Consistent with the key you supplied',
        rest: isWitnessed(steps) ? ', cosigned by every witness you named' : ', no outside witness',
      }
    case 'key-changed':
      return {
        tone: 'alarm',
        main: 'The key of this ledger changed',
        rest: ' since this browser first saw it. Do not rely on this record until you know why.',
      }
    case 'failed':
      return { tone: 'alarm', main: 'Does not check out', rest: `: ${reasons.join(' ')}` }
  }
}
