/** What came of looking: how certain a finding is, and what is needed to come by it. */
import type { Finding, FindingCode, Severity } from '@deponent/format'
import { KNOWLEDGE } from './knowledge.ts'

/**
 * How an attack shows to somebody with some knowledge.
 *
 *   ✓  invalid: the change is shown
 *   ?  incomplete: not believed, and not shown to be wrong
 *   i  valid, but the report says what it would not have said before
 *   –  valid: not detected
 */
export type Mark = '✓' | '?' | 'i' | '–'

export interface Outcome {
  mark: Mark
  /** The findings that are not there without the attack, of the gravest severity. */
  codes: FindingCode[]
}

/** One attack as every kind of knowledge sees it, by name of the knowledge. */
export type Outcomes = Record<string, Outcome>

const MARKS: readonly [Severity, Mark][] = [
  ['error', '✓'],
  ['gap', '?'],
  ['info', 'i'],
]

/** Compares what was found with what is found without any attack. */
export function outcomeOf(findings: readonly Finding[], before: readonly Finding[]): Outcome {
  const known = new Set(before.map(identityOf))
  const fresh = findings.filter((finding) => !known.has(identityOf(finding)))
  for (const [severity, mark] of MARKS) {
    const codes = fresh.filter((finding) => finding.severity === severity).map(({ code }) => code)
    if (codes.length > 0) return { mark, codes: [...new Set(codes)] }
  }
  return { mark: '–', codes: [] }
}

/** What makes a finding another one. What is only said counts things, and its message changes with them. */
function identityOf({ severity, code, index, message }: Finding): string {
  return severity === 'info' ? `${severity} ${code}` : `${severity} ${code} ${index} ${message}`
}

/** Whether somebody who looks does not take the ledger for sound. */
export const isNoticed = ({ mark }: Outcome): boolean => mark === '✓' || mark === '?'

/** How it shows to the first kind of knowledge that shows it at all: the codes of what is found. */
export function foundAs(outcomes: Outcomes): readonly FindingCode[] {
  const seen = KNOWLEDGE.map(({ name }) => outcomes[name]!)
  return (seen.find(isNoticed) ?? seen.find(({ mark }) => mark === 'i'))?.codes ?? []
}

/**
 * What must be at hand to notice, in words: nothing where the directory alone shows it, else each kind of knowledge that does. Where
 * pinned keys are enough, what comes on top of them adds nothing and is not named.
 */
export function neededFor(outcomes: Outcomes): string {
  const [alone, keys, ...more] = KNOWLEDGE
  const notices = (name: string): boolean => isNoticed(outcomes[name]!)
  if (notices(alone!.name)) return ''
  if (notices(keys!.name)) return keys!.words
  const helping = more.filter(({ name }) => notices(name)).map(({ words }) => words)
  if (helping.length === 0 && outcomes[alone!.name]?.mark === 'i') return 'said, and counted against nobody'
  return helping.length === 0 ? 'nothing here detects it' : helping.join('; ')
}
