import type { ArchivedSpan } from '../api.ts'
import { counted } from '../display.ts'
import styles from './decisions.module.css'

/** Which months are not searched, and what brings them back. */
export function Archived({ spans }: { readonly spans: readonly ArchivedSpan[] }) {
  const known = spans.every(({ decisions }) => decisions !== undefined)
  const decisions = spans.reduce((sum, span) => sum + (span.decisions ?? 0), 0)
  return (
    <p className={styles['leftOut']} data-testid="archived">
      Not searched: {known ? counted(decisions, 'decision') : 'decisions'} of{' '}
      {spans.map(monthsOf).join(' and ')}, which {spans.length > 1 ? 'are' : 'is'} archived.{' '}
      <code>deponent restore MONTHS</code> brings {spans.length > 1 ? 'them' : 'it'} back.
    </p>
  )
}

/** 2025-03..2025-09, or one month; the last is the one before the end. */
function monthsOf({ from, to }: ArchivedSpan): string {
  const [first, last] = [from.slice(0, 7), new Date(Date.parse(to) - 1).toISOString().slice(0, 7)]
  return first === last ? first : `${first}..${last}`
}
