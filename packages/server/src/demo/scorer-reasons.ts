import type { Contribution, Score } from './scorer-model.ts'

/** The lender's own list of principal reasons, by the feature that pulls the score down. */
const reasonCodes: Record<string, string> = {
  monthlyIncome: 'R01 income too low for the amount',
  requestedAmount: 'R02 amount high',
  termMonths: 'R03 long term',
  instalmentToIncome: 'R04 instalments too high for the income',
  bankTenureMonths: 'R05 short banking history',
  missedPayments24m: 'R06 missed payments in the last 24 months',
  openCreditLines: 'R07 many open credit lines',
  employment: 'R08 employment',
  housing: 'R09 housing',
}

/** The features that pulled the score down most, at most four, strongest first. */
export function reasonCodesOf(contributions: readonly Contribution[]): string[] {
  return strongest(contributions.filter(({ importance }) => importance < -0.05))
    .slice(0, 4)
    .map(({ feature }) => reasonCodes[feature] ?? feature)
}

/** One sentence a person can check against the numbers beside it. */
export function reasoningOf({ contributions, logOdds, probability }: Score, threshold: number): string {
  const named = strongest(contributions).slice(0, 3)
  const parts = named.map(({ feature, importance }) => `${feature} ${importance > 0 ? '+' : ''}${importance}`)
  const comparison = probability >= threshold ? 'reaches' : 'stays below'
  return `Log-odds ${logOdds}, probability of repayment ${probability}, which ${comparison} ${threshold}. Strongest: ${parts.join(', ')}.`
}

function strongest(contributions: readonly Contribution[]): Contribution[] {
  return contributions
    .filter(({ feature }) => feature !== 'intercept')
    .sort((a, b) => Math.abs(b.importance) - Math.abs(a.importance))
}
