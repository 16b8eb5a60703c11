import { assistantSession } from './assistant.ts'
import { arrivals, customers, DAY_MS, office, startOfDay } from './calendar.ts'
import { Chance } from './chance.ts'
import type { DemoRecord } from './demo-record.ts'
import { lifecycle } from './lifecycle.ts'
import { creditApplication } from './scorer.ts'
import { cvScreening } from './screener.ts'
import { storyUpTo } from './story.ts'
import type { Story } from './story.ts'
import { Timeline } from './timeline.ts'

/** What decides a demo: the same two give the same records, byte for byte. */
export interface DemoOptions {
  seed: string
  /** Unix ms; history ends here and live traffic begins. */
  now: number
}

/** Arrivals on an ordinary day at the beginning; by the end there are `GROWTH` times as many. */
const PER_DAY = { applications: 51, screenings: 21, sessions: 21 }
const GROWTH = 1.7
const FIRST_CANDIDATES = 150
const NEW_CANDIDATES_PER_DAY = 9

/**
 * Half a year of Morrowby Credit up to `now`, in the order of time: about 25,000 decisions of its three systems and
 * what followed from them. What would follow after `now`, such as the end of young loans, is not known yet.
 */
export function* history({ seed, now }: DemoOptions): Generator<DemoRecord, void> {
  const story = storyUpTo(now)
  const timeline = new Timeline(lifecycle(story))
  let recent: DemoRecord[] = []
  for (let day = story.begins; day < now; day += DAY_MS) {
    const applications = applicationsOf(story, seed, day)
    recent = [...recent.slice(-60), ...applications.flat().filter(isProductionDecision)]
    timeline.add(applications.flat(), screeningsOf(story, seed, day), sessionsOf(story, seed, day, recent))
    yield* timeline.before(Math.min(day + DAY_MS, now))
  }
}

function applicationsOf(story: Story, seed: string, day: number): DemoRecord[][] {
  const chance = new Chance(`${seed}/applications/${day}`)
  const moments = arrivals(chance, day, PER_DAY.applications * growth(story, day), customers)
  return moments.map((at, i) => creditApplication(story, seed, chance.fork(i), at))
}

function screeningsOf(story: Story, seed: string, day: number): DemoRecord[] {
  const chance = new Chance(`${seed}/screenings/${day}`)
  const moments = arrivals(chance, day, PER_DAY.screenings * growth(story, day), office)
  return moments.flatMap((at, i) => cvScreening(seed, chance.fork(i), at, candidatesBy(story, at)))
}

function sessionsOf(story: Story, seed: string, day: number, recent: readonly DemoRecord[]): DemoRecord[] {
  const chance = new Chance(`${seed}/sessions/${day}`)
  const moments = arrivals(chance, day, PER_DAY.sessions * growth(story, day), customers)
  return moments.flatMap((at, i) => {
    const known = recent.filter((application) => application.at < at)
    return assistantSession(story, seed, chance.fork(i), at, known)
  })
}

/** How many people have ever applied for a job. */
export function candidatesBy(story: Story, at: number): number {
  return FIRST_CANDIDATES + Math.floor(((at - story.begins) / DAY_MS) * NEW_CANDIDATES_PER_DAY)
}

function growth(story: Story, day: number): number {
  return 1 + ((GROWTH - 1) * (day - story.begins)) / (startOfDay(story.now) - story.begins)
}

export function isProductionDecision({ kind, record }: DemoRecord): boolean {
  return kind === 'decision' && record['environment'] === 'production'
}
