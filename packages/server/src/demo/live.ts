import { assistantSession } from './assistant.ts'
import { iso, MINUTE_MS } from './calendar.ts'
import { Chance } from './chance.ts'
import { textOf } from './demo-record.ts'
import type { DemoRecord } from './demo-record.ts'
import { candidatesBy, isProductionDecision } from './history.ts'
import type { DemoOptions } from './history.ts'
import { creditApplication } from './scorer.ts'
import { cvScreening } from './screener.ts'
import { storyUpTo } from './story.ts'
import type { Story } from './story.ts'
import { Timeline } from './timeline.ts'

/** Mean gap between arrivals; with what follows from them there is a record about every 400 ms. */
const GAP_MS = 650
/** Live, what follows a decision follows sooner, so that somebody watching sees it. */
const HASTE = { unitMs: 40 * MINUTE_MS, becomesMs: 40_000 }
const TIMES = ['timestamp', 'queuedAt', 'openedAt', 'closedAt']

/**
 * Traffic from `now` on, without end and in the order of time: each record is due at its `at`. Same people, same
 * releases as in the history, but officers work day and night and take minutes instead of hours. How young loans end
 * is not seen.
 */
export function* live({ seed, now }: DemoOptions): Generator<DemoRecord, never> {
  const story = storyUpTo(now)
  const chance = new Chance(`${seed}/live/${now}`)
  const timeline = new Timeline()
  let recent: DemoRecord[] = []
  for (let at = now, i = 0; ; at += Math.ceil(chance.gap(GAP_MS)), i++) {
    yield* timeline.before(at)
    const records = arrival(story, seed, chance.fork(i), at, recent)
      .filter(({ kind }) => kind !== 'outcome')
      .map((record) => hastened(record, at))
    recent = [...recent, ...records.filter(isApplication)].slice(-60)
    timeline.add(records)
  }
}

function arrival(
  story: Story,
  seed: string,
  chance: Chance,
  at: number,
  recent: readonly DemoRecord[],
): DemoRecord[] {
  const system = chance.weighted({ scorer: 48, screener: 18, assistant: 34 })
  if (system === 'scorer') return creditApplication(story, seed, chance, at)
  if (system === 'screener') return cvScreening(seed, chance, at, candidatesBy(story, at))
  return assistantSession(story, seed, chance, at, recent)
}

function isApplication(item: DemoRecord): boolean {
  return isProductionDecision(item) && item.record['modelId'] === 'repayment-scorer'
}

/** Moves a consequence closer to its cause, and the times the record itself tells along with it. */
function hastened({ at, kind, record }: DemoRecord, causeAt: number): DemoRecord {
  // Grows ever slower and keeps the order: an hour is half a minute, a weekend three minutes.
  const sooner = (time: number) =>
    causeAt + Math.ceil(HASTE.becomesMs * Math.log1p((time - causeAt) / HASTE.unitMs))
  const moved: DemoRecord['record'] = {}
  for (const name of at === causeAt ? [] : TIMES) {
    const time = textOf(record, name)
    if (time !== undefined) moved[name] = iso(sooner(Date.parse(time)))
  }
  return { at: sooner(at), kind, record: { ...record, ...moved } }
}
