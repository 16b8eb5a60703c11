import { expect, test } from 'vitest'
import { canonicalJson, emitterLink, EpochTally, fromHex } from '@deponent/format'
import { history } from '../../packages/server/src/demo/history.ts'
import { DemoNumbering } from '../../packages/server/src/demo/numbering.ts'
import { storyUpTo } from '../../packages/server/src/demo/story.ts'
import { statementOf } from '../../packages/server/src/recording/emitter-facts.ts'

const now = Date.parse('2026-03-14T12:00:00Z')

test('the demo numbers its decisions with one small gap, one declared loss and heads that follow', () => {
  const numbering = new DemoNumbering('demo', storyUpTo(now))
  const tallies = new Map<string, EpochTally>()
  const tallyOf = (id: unknown, epoch: unknown): EpochTally => {
    const key = `${String(id)} ${String(epoch)}`
    const tally = tallies.get(key) ?? new EpochTally()
    tallies.set(key, tally)
    return tally
  }
  const sent = [...history({ seed: 'demo', now })].flatMap((item) => numbering.number(item))
  for (const [index, { kind, record }] of [...sent, ...numbering.closes(now)].entries()) {
    if (kind === 'decision') {
      const { emitter, ...rest } = record
      const { id, epoch, seq, blind } = emitter as { id: string; epoch: number; seq: number; blind: string }
      const link = emitterLink(fromHex(blind), canonicalJson(rest))
      tallyOf(id, epoch).record({ seq, index, receivedAt: now, link })
    } else if (kind.startsWith('emitter.')) {
      const entry = { kind, receivedAt: now } as Parameters<typeof statementOf>[0]
      tallyOf(record['emitterId'], record['epoch']).state(statementOf(entry, record))
    }
  }
  const summaries = [...tallies.values()].map((tally) => tally.summary())
  expect(summaries.reduce((sum, { missing }) => sum + missing, 0)).toBe(3)
  expect(summaries.reduce((sum, { lost }) => sum + lost, 0)).toBe(12)
  expect(
    summaries.filter(({ missing }) => missing === 0).every(({ chain }) => chain.state === 'verified'),
  ).toBe(true)
  expect(summaries.every(({ closedAt, forks }) => closedAt !== null && forks === 0)).toBe(true)
  expect(tallies.size).toBeGreaterThan(5)
})
