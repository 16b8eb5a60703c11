import type { Coverage, CoverageStatus } from '../api.ts'
import styles from './coverage.module.css'

const MEANING: Record<CoverageStatus, string> = {
  undeclared:
    'Not every decision carries a number, so one that never arrived may leave no gap to see. What arrived is counted; what did not is unknown.',
  complete: 'Every decision carries a number of its source, and no number is missing.',
  gaps: 'Sources numbered records that never arrived here, or have fallen silent.',
}

/** What the coverage amounts to, in a word and a sentence. */
export function CoverageSaid({ coverage: { status } }: { readonly coverage: Coverage }) {
  return (
    <div className={styles['said']}>
      <span className={styles['status']} data-status={status}>
        {status}
      </span>
      <p>{MEANING[status]}</p>
    </div>
  )
}
