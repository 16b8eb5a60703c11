import styles from './state.module.css'
import { suppressedText } from './suppressed-text.ts'
import type { Suppressed } from './suppressed-text.ts'

/** Says how many groups are left out because they are small, or would give small ones away. */
export function SuppressedNote({ of }: { readonly of: Suppressed | undefined }) {
  return of === undefined ? null : <p className={styles['suppressed']}>{suppressedText(of)}</p>
}
