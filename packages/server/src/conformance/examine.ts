/** Asks every check and adds up what may be claimed. */
import { FormatError } from '@deponent/format'
import { CONFORMANCE_CHECKS, type ConformanceCheck } from './checks.ts'
import { type Claim, failed, type Outcome } from './outcome.ts'
import { Subject, type SubjectOptions } from './subject.ts'

/** `not_shown` when nothing speaks against it and something it needs could not be looked at. */
export type Standing = 'conforms' | 'fails' | 'not_shown'

export interface ConformanceReport {
  /** The version of the format that was checked against. */
  readonly format: 0
  readonly claims: Readonly<Record<Claim, Standing>>
  readonly checks: readonly (Pick<ConformanceCheck, 'id' | 'sentence' | 'section' | 'claim'> & Outcome)[]
}

/** Examines a ledger. Rejects when it cannot be reached; everything it does wrong is an outcome. */
export async function examine(options: SubjectOptions): Promise<ConformanceReport> {
  const subject = new Subject(options)
  const judged: { check: ConformanceCheck; outcome: Outcome }[] = []
  for (const check of CONFORMANCE_CHECKS) judged.push({ check, outcome: await outcomeOf(check, subject) })
  const standing = (claim: Claim): Standing => {
    const own = judged.filter(({ check }) => check.claim === claim)
    if (own.some(({ outcome }) => outcome.outcome === 'failed')) return 'fails'
    const isShown = own.every(({ check, outcome }) => outcome.outcome === 'passed' || !check.required)
    return isShown ? 'conforms' : 'not_shown'
  }
  return {
    format: 0,
    claims: { reader: standing('reader'), witnessed: standing('witnessed'), writer: standing('writer') },
    checks: judged.map(({ check: { id, sentence, section, claim }, outcome }) => ({
      id,
      sentence,
      section,
      claim,
      ...outcome,
    })),
  }
}

/** Bytes that are not what a check expected to read are the implementation's doing. */
async function outcomeOf(check: ConformanceCheck, subject: Subject): Promise<Outcome> {
  try {
    return await check.run(subject)
  } catch (error) {
    if (error instanceof FormatError) return failed(error.message)
    throw error
  }
}
