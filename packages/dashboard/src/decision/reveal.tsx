import { counted } from '../display.ts'
import controls from '../elements/controls.module.css'
import { LockIcon } from '../elements/icons.tsx'
import { clockText } from '../session/reason.ts'
import styles from './decision.module.css'
import { pointerText } from './pointers.ts'
import { useReveal } from './reveal-context.ts'
import type { Revealing } from './use-revealed.ts'

interface SealedBarProps {
  readonly sealed: readonly string[]
  readonly withheld: number
  readonly revealing: Revealing
}

/** How much of the record is covered and what opens it; while something is open, what for and how long. */
export function SealedBar(props: SealedBarProps) {
  const { sealed, withheld, revealing } = props
  if (revealing.revealed !== undefined) return <Opened {...props} />
  if (sealed.length + withheld === 0) return null
  return (
    <div className={styles['covered']}>
      {sealed.length > 0 && <SealedCount count={sealed.length} />}
      {withheld > 0 && (
        <p>{counted(withheld, 'field')} of a class your role does not see, whatever the purpose.</p>
      )}
    </div>
  )
}

function SealedCount({ count }: { readonly count: number }) {
  const { canReveal, ask } = useReveal()
  return (
    <>
      <span>
        <LockIcon />
        {counted(count, 'sealed field')}
      </span>
      {canReveal ? (
        <button
          type="button"
          className={controls['button']}
          onClick={() => ask('all')}
          aria-haspopup="dialog"
        >
          Open all…
        </button>
      ) : (
        <p>Your role does not open sealed fields.</p>
      )}
      {canReveal && (
        <p>Or open one by its lock. Each opening is recorded with its purpose before anything is shown.</p>
      )}
    </>
  )
}

function Opened({ sealed, revealing: { revealed, leftMs, cover } }: SealedBarProps) {
  const { ask } = useReveal()
  const { purpose = '', fields = [] } = revealed ?? {}
  return (
    <div className={styles['opened']} role="status">
      <p>
        <b>{fields === 'all' ? 'All sealed fields' : fields.map(pointerText).join(', ')}</b> open for “
        {purpose}”. Recorded. {fields === 'all' && sealed.length > 0 && stayedText(sealed.length)}
      </p>
      <p data-testid="reveal-left" aria-live="off">
        Covered again in <b>{clockText(leftMs)}</b>
      </p>
      <span>
        {fields !== 'all' && sealed.length > 0 && (
          <button
            type="button"
            className={controls['button']}
            onClick={() => ask('all')}
            aria-haspopup="dialog"
          >
            Open the other {counted(sealed.length, 'field')}…
          </button>
        )}
        <button type="button" className={controls['button']} onClick={cover}>
          Cover now
        </button>
      </span>
    </div>
  )
}

function stayedText(count: number): string {
  return `${counted(count, 'field')} stayed sealed: your key may not see ${count === 1 ? 'it' : 'them'}.`
}
