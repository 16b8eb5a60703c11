/** What stands where an answer would: it is coming, there is none, or something went wrong. */
import type { ReactNode } from 'react'
import { ApiError } from '../client.ts'
import controls from './controls.module.css'
import styles from './state.module.css'

/** Stands in for lines that are on their way. */
export function Waiting({
  lines = 4,
  label = 'Loading',
}: {
  readonly lines?: number
  readonly label?: string
}) {
  return (
    <div className={styles['bars']} role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} />
      ))}
    </div>
  )
}

/** There is nothing, and that is no fault. */
export function Nothing({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className={styles['state']}>
      <strong>{title}</strong>
      {children}
    </div>
  )
}

interface FailedProps {
  readonly error: Error
  readonly again?: () => void
}

/** What failed, whether waiting helps, and a way to try again. */
export function Failed({ error, again }: FailedProps) {
  return (
    <div className={`${styles['state']} ${styles['failed']}`} role="alert">
      <strong>{titleOf(error)}</strong>
      <p>{error.message}</p>
      {again !== undefined && !isRefusal(error) && (
        <button type="button" className={controls['button']} onClick={again}>
          Try again
        </button>
      )}
    </div>
  )
}

/** Asking again changes nothing about a right that is missing. */
function isRefusal(error: Error): boolean {
  return error instanceof ApiError && error.status === 403
}

function titleOf(error: Error): string {
  if (!(error instanceof ApiError)) return 'This view failed'
  if (error.status === 0) return 'No connection'
  if (error.code === 'purpose_required') return 'This is shown for a stated purpose only'
  if (error.code === 'access_unrecordable') return 'This look cannot be recorded, so nothing is shown'
  if (error.status === 403) return 'Your key may not do this'
  if (error.code.startsWith('payload_')) return 'The sealed content does not open'
  if (error.status === 503) return 'The server cannot answer this right now'
  return `The server answered ${error.status} (${error.code})`
}
