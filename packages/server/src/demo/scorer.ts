import type { Chance } from './chance.ts'
import { contest, repayment, review } from './credit-aftermath.ts'
import { newApplication } from './credit-application.ts'
import { decide, shadowDecision } from './credit-decision.ts'
import type { DemoRecord } from './demo-record.ts'
import type { Story } from './story.ts'

/** An application and everything that follows from it: the decision, its review, a contest, the loan's end. */
export function creditApplication(story: Story, seed: string, chance: Chance, at: number): DemoRecord[] {
  const application = newApplication(seed, chance, at)
  const { decision, scored } = decide(story, application)
  const records = [decision, ...shadowDecision(story, application)]
  if (scored === undefined) return records
  const reviewed = review(story, application, scored)
  records.push(...reviewed.records)
  if (reviewed.approved) return [...records, ...repayment(application)]
  return [...records, ...contest(story, application, reviewed.at)]
}
