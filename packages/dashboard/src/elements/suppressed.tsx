import { counted } from '../display.ts'
import styles from './state.module.css'

/** What an answer says of the groups it leaves out. */
export interface Suppressed {
  readonly groups: number
  readonly below: number
}

/** Says how many groups are left out because they are small, or would give small ones away. */
export function SuppressedNote({ of }: { readonly of: Suppressed | undefined }) {
  return of === undefined ? null : <p className={styles['suppressed']}>{suppressedText(of)}</p>
}

/** Nobody is told which groups they are, nor how small. */
export function suppressedText({ groups, below }: Suppressed): string {
  return groups === 1
    ? `1 group of fewer than ${below} decisions, or that would give one away, is not shown.`
    : `${counted(groups, 'group')} of fewer than ${below} decisions, or that would give one away, are not shown.`
}
