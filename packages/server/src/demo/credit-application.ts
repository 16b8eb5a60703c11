import type { Chance } from './chance.ts'
import { personOf, POPULATION, stepped } from './people.ts'
import type { Person } from './people.ts'
import { burden, instalment, score, scorerModels } from './scorer-model.ts'
import type { Score, ScorerFeatures, ScorerModel } from './scorer-model.ts'

/** One application for a loan, as its applicant made it. */
export interface Application {
  at: number
  caseId: string
  decisionId: string
  traceId: string
  person: Person
  /** EUR. */
  amount: number
  termMonths: number
  chance: Chance
}

export function newApplication(seed: string, chance: Chance, at: number): Application {
  const person = personOf(seed, chance.integer(0, POPULATION - 1))
  const termMonths = chance.pick([12, 24, 36, 36, 48, 48, 60, 72, 84])
  const amount = stepped(chance.around(3.1 * person.monthlyIncome, 0.55), 250, 1_000, 45_000)
  const decisionId = chance.uuid(at)
  const caseId = `loan-${new Date(at).getUTCFullYear()}-${chance.hex(7)}`
  return { at, caseId, decisionId, traceId: chance.hex(32), person, amount, termMonths, chance }
}

/** What the feature store hands to the model; the payroll feed knows nobody without a salary, and says 0. */
export function featuresFor(
  model: ScorerModel,
  application: Application,
  amount: number = application.amount,
): ScorerFeatures {
  const { person, termMonths } = application
  const known = model.incomeSource === 'application' || person.onPayroll
  const monthlyIncome = known ? person.monthlyIncome : 0
  return {
    monthlyIncome,
    requestedAmount: amount,
    termMonths,
    instalmentToIncome: burden(instalment(amount, termMonths) + person.existingInstalments, monthlyIncome),
    bankTenureMonths: person.bankTenureMonths,
    missedPayments24m: person.missedPayments24m,
    openCreditLines: person.openCreditLines,
    employment: person.employment,
    housing: person.housing,
  }
}

/** What a sound model with the real income would have said. */
export function trueScore(application: Application): Score {
  const sound = scorerModels['4.1.0']
  return score(sound, featuresFor(sound, application))
}
