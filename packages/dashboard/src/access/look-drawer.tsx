import { Dialog } from '@base-ui/react/dialog'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { count, counted, exactTimeText } from '../display.ts'
import controls from '../elements/controls.module.css'
import dialogs from '../elements/dialog.module.css'
import { CloseIcon } from '../elements/icons.tsx'
import { roleText } from '../session/shape.ts'
import styles from './access.module.css'
import { beyondText, denialText, doneText, isHidden, kindOf, questionOf } from './look.ts'
import type { Look } from './look.ts'
import type { LookFilters } from './look-filters.ts'

interface LookDrawerProps {
  readonly look: Look | undefined
  readonly close: () => void
  /** Narrows the list to what this look has in common with others. */
  readonly narrow: (filters: LookFilters) => void
}

const OBJECTS_SHOWN = 50

/** All that is recorded of one look. */
export function LookDrawer({ look, close, narrow }: LookDrawerProps) {
  const only = (filters: LookFilters) => {
    narrow(filters)
    close()
  }
  return (
    <Dialog.Root open={look !== undefined} onOpenChange={(isOpen) => !isOpen && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={dialogs['backdrop']} />
        <Dialog.Popup className={dialogs['drawer']}>
          <header className={dialogs['head']}>
            <Dialog.Title>{look === undefined ? '' : titleOf(look)}</Dialog.Title>
            <Dialog.Close className={controls['quiet']} aria-label="Close">
              <CloseIcon />
            </Dialog.Close>
          </header>
          {look !== undefined && <Parts look={look} only={only} />}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function titleOf(look: Look): string {
  return kindOf(look) === 'gap'
    ? 'Looks may be missing here'
    : `${look.actor.name ?? look.actor.id} ${doneText(look)}`
}

function Parts({ look, only }: { readonly look: Look; readonly only: (filters: LookFilters) => void }) {
  const { at, actor, purpose, fields, count: shown, code, index, id } = look
  const beyond = beyondText(look)
  return (
    <dl className={styles['parts']}>
      <Part name="When">{exactTimeText(at)} UTC</Part>
      <Part name="Who">
        {actor.name ?? actor.id}, {roleText(actor.role)}{' '}
        <button type="button" className={controls['link']} onClick={() => only({ identity: actor.id })}>
          only this person
        </button>
      </Part>
      {code !== undefined && <Part name="Denied because">{denialText(code)}</Part>}
      <Part name="What for">{purpose ?? <span className={styles['faint']}>no purpose was stated</span>}</Part>
      {beyond !== undefined && <Part name="Stands for">{beyond}</Part>}
      <Question look={look} />
      {fields !== undefined && <Part name="Fields">{fields.join(', ')}</Part>}
      {shown !== undefined && (
        <Part name="In the answer">{counted(shown, 'row or group', 'rows or groups')}</Part>
      )}
      <Objects look={look} />
      <Part name="Recorded">
        at index {count(index)} as <code>{id}</code>
      </Part>
    </dl>
  )
}

function Question({ look }: { readonly look: Look }) {
  const question = questionOf(look)
  if (question.length === 0) return null
  return (
    <Part name="Question">
      {question.map(([name, value]) => (
        <span key={name} className={styles['pair']}>
          <span className={styles['faint']}>{name}</span> <code>{value}</code>
        </span>
      ))}
      {isHidden(question) && (
        <span className={styles['faint']}>
          A token stands where words were typed. The same words are recorded under the same token.
        </span>
      )}
    </Part>
  )
}

function Objects({ look: { objects } }: { readonly look: Look }) {
  if (objects === undefined || objects.length === 0) return null
  return (
    <Part name={counted(objects.length, 'record shown', 'records shown')}>
      <ul>
        {objects.slice(0, OBJECTS_SHOWN).map((id) => (
          <li key={id}>
            <Link to="/decisions/$id" params={{ id }} className={controls['link']}>
              <code>{id}</code>
            </Link>
          </li>
        ))}
      </ul>
      {objects.length > OBJECTS_SHOWN && (
        <span className={styles['faint']}>and {count(objects.length - OBJECTS_SHOWN)} more</span>
      )}
    </Part>
  )
}

function Part({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
