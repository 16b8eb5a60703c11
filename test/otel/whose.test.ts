/** Whose spans and log records are: with whom they are erased, early or late, before a restart or after it. */
import { afterEach, expect, test } from 'vitest'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { erasuresOver, requestAbout } from '../erasure/erasing.ts'
import { recordsOf, takeSpans, until } from './open-traces.ts'
import { chat, closeAll, closing, has, open, type Opened, tool } from './traced-ledger.ts'

afterEach(closeAll)

async function erase({ tenant, clock }: Opened, person: string): Promise<void> {
  const erasures = erasuresOver(tenant, clock, realRandom)
  await erasures.begin()
  closing.push(() => erasures.close())
  await erasures.request(requestAbout(tenant, person))
  await erasures.settled()
}

const namesOf = async ({ tenant }: Opened, kind = 'trace.span'): Promise<unknown[]> =>
  (await recordsOf(tenant, kind)).map(({ name }) => name)

test('a late span that names a person goes with them where its decision names nobody', async () => {
  const opened = await open()
  const { traces, clock } = opened
  await takeSpans(traces, { id: 'llm', attributes: chat })
  await until(clock, has(opened, 'trace.span', 1))
  const theirs = { ...tool, 'audit.subject.id': 'p-1' }
  await takeSpans(traces, { id: 'tool', parent: 'llm', attributes: theirs })
  await until(clock, has(opened, 'trace.span', 2))
  await erase(opened, 'p-1')
  expect(await namesOf(opened)).toEqual(['llm'])
})
