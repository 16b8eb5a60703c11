import { counted } from '../display.ts'

/** What an answer says of the groups it leaves out. */
export interface Suppressed {
  readonly groups: number
  readonly below: number
}

/** Nobody is told which groups they are, nor how small. */
export function suppressedText({ groups, below }: Suppressed): string {
  return groups === 1
    ? `1 group of fewer than ${below} decisions, or that would give one away, is not shown.`
    : `${counted(groups, 'group')} of fewer than ${below} decisions, or that would give one away, are not shown.`
}
