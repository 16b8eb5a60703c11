import { useState } from 'react'
import type { FormEvent } from 'react'
import type { Json } from '../api.ts'
import { counted, isSealed } from '../display.ts'
import controls from '../elements/controls.module.css'
import { LockIcon } from '../elements/icons.tsx'
import styles from './decision.module.css'

/** How many fields of a record are sealed. */
export function sealedFields(value: Json): number {
  if (isSealed(value)) return 1
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce<number>((sum, part) => sum + sealedFields(part), 0)
}

interface SealedBarProps {
  readonly sealed: number
  /** What the sealed fields were opened for; undefined while they are not. */
  readonly purpose: string | undefined
  readonly isOpening: boolean
  readonly refusal: string | undefined
  readonly open: (purpose: string) => void
  readonly seal: () => void
}

/** Opens sealed fields for a stated purpose, and says what that means. */
export function SealedBar({ sealed, purpose, isOpening, refusal, open, seal }: SealedBarProps) {
  if (purpose !== undefined && !isOpening && refusal === undefined) {
    return (
      <div className={styles['opened']} role="status">
        <span>
          Opened for “{purpose}”. This reading was recorded.
          {sealed > 0 && ` ${counted(sealed, 'field')} stayed sealed: your key may not see them.`}
        </span>
        <button type="button" className={controls['button']} onClick={seal}>
          Hide again
        </button>
      </div>
    )
  }
  return sealed === 0 ? null : (
    <PurposeForm sealed={sealed} isOpening={isOpening} refusal={refusal} open={open} />
  )
}

function PurposeForm({ sealed, isOpening, refusal, open }: Omit<SealedBarProps, 'purpose' | 'seal'>) {
  const [typed, setTyped] = useState('')
  const purpose = typed.trim()
  // A header carries these characters and no others.
  const isSendable = /^[\x20-\x7e]+$/.test(purpose)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isSendable) open(purpose)
  }
  return (
    <form className={styles['reveal']} onSubmit={submit}>
      <span>
        <LockIcon />
        {counted(sealed, 'sealed field')}
      </span>
      <input
        className={controls['field']}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        placeholder="Purpose, for example: appeal of 12 November"
        aria-label="Purpose of opening the sealed fields"
        maxLength={200}
      />
      <button type="submit" className={controls['button']} disabled={!isSendable || isOpening}>
        {isOpening ? 'Opening…' : 'Open for this purpose'}
      </button>
      <p role={refusal === undefined ? undefined : 'alert'} data-refused={refusal !== undefined}>
        {refusal ?? noteOn(purpose, isSendable)}
      </p>
    </form>
  )
}

function noteOn(purpose: string, isSendable: boolean): string {
  return purpose === '' || isSendable
    ? 'Your reading and its purpose are recorded in the ledger before anything is shown.'
    : 'Plain letters without accents only: the purpose travels in a header.'
}
