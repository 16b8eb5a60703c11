import { Dialog } from '@base-ui/react/dialog'
import { useState } from 'react'
import { ActForm } from '../elements/act.tsx'
import controls from '../elements/controls.module.css'
import dialogs from '../elements/dialog.module.css'
import { Ask, AskWords, Choose } from '../elements/fields.tsx'
import { useNow } from '../now.ts'
import { EMPTY_HOLD, HOLD_GROUNDS, holdOf, missingInHold } from './hold.ts'
import type { HoldDraft } from './hold.ts'
import { placeHold } from './hold-queries.ts'

interface PlaceHoldProps {
  /** The handle of the person it is about, where that is known already. */
  readonly person?: string
  readonly close: () => void
}

/** Keeps something from being erased, on a ground, until somebody looks again. */
export function PlaceHold({ person, close }: PlaceHoldProps) {
  const now = useNow()
  const [draft, setDraft] = useState<HoldDraft>({ ...EMPTY_HOLD, people: person ?? '' })
  const [warnings, setWarnings] = useState<readonly string[]>([])
  const set = (name: keyof HoldDraft) => (value: string) => setDraft({ ...draft, [name]: value })
  const run = async () => {
    const placed = await placeHold(holdOf(draft))
    if (placed.warnings.length === 0) return close()
    setWarnings(placed.warnings)
  }
  if (warnings.length > 0) return <Placed warnings={warnings} />
  return (
    <ActForm
      title={person === undefined ? 'Place a hold' : 'Keep this person from being erased'}
      act="Place the hold"
      missing={missingInHold(draft, now)}
      run={run}
      close={() => undefined}
    >
      <Choose label="Ground" value={draft.ground} onChange={set('ground')} options={HOLD_GROUNDS} isFirst />
      <AskWords
        label="Why?"
        value={draft.reason}
        onChange={set('reason')}
        hint="which case, which obligation"
      />
      <div className={dialogs['pair']}>
        <Ask label="Who answers for it?" value={draft.owner} onChange={set('owner')} hint="legal" />
        <Ask label="Looked at again on" type="date" value={draft.reviewOn} onChange={set('reviewOn')} />
      </div>
      {person === undefined && (
        <>
          <AskWords
            label="People"
            value={draft.people}
            onChange={set('people')}
            hint="ids or handles, one a line; empty for any"
          />
          <Ask
            label="Systems"
            value={draft.systems}
            onChange={set('systems')}
            hint="names between commas; empty for any"
            maxLength={4_000}
          />
          <AskWords
            label="Decisions"
            value={draft.decisions}
            onChange={set('decisions')}
            hint="ids, one a line; empty for any"
          />
          <div className={dialogs['pair']}>
            <Ask label="Received from" type="date" value={draft.from} onChange={set('from')} />
            <Ask label="Received until" type="date" value={draft.to} onChange={set('to')} />
          </div>
          <p className={dialogs['note']}>What is held lies within all that is given.</p>
        </>
      )}
    </ActForm>
  )
}

/** The hold stands; what whoever placed it should know. */
function Placed({ warnings }: { readonly warnings: readonly string[] }) {
  return (
    <div className={dialogs['form']}>
      <Dialog.Title>The hold stands</Dialog.Title>
      {warnings.map((warning) => (
        <p key={warning} className={dialogs['warning']} role="status">
          {warning}
        </p>
      ))}
      <footer>
        <Dialog.Close className={controls['button']} autoFocus>
          Understood
        </Dialog.Close>
      </footer>
    </div>
  )
}
