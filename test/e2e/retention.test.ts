import { afterAll, beforeAll, expect, test } from 'vitest'
import { loan } from '../recording/open-tenant.ts'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

const DAY_MS = 86_400_000
/** Thirty decisions, one from each month before now and some days. */
const MONTHS = 30

let place: Place
let server: ServerProcess

beforeAll(async () => {
  place = await newPlace()
  server = await ServerProcess.start(place)
  const decisions = Array.from({ length: MONTHS }, (_, i) =>
    loan(i, { system: i % 3 === 0 ? 'chat' : 'credit', timestamp: monthsAgo(i) }),
  )
  expect((await server.post('/v1/decisions?wait=checkpoint', decisions)).status).toBe(201)
  await server.indexed()
})
afterAll(() => server.stop())

function monthsAgo(months: number): string {
  const at = new Date(Date.now() - 15 * DAY_MS)
  at.setUTCDate(1)
  at.setUTCMonth(at.getUTCMonth() - months)
  return at.toISOString()
}

test('a plan says of each system what its policies would have deleted, and why nothing goes', async () => {
  const settings = {
    version: 1,
    policies: { year: { bound: 'period', period: 'P12M', basis: 'a decision of ours' } },
    systems: {
      credit: { policies: ['eu_aia_log_min', 'year'] },
      chat: { policies: ['eu_mifid', 'us_bipa_max'] },
    },
  }
  const planned = await runCommand(
    ['retention', 'plan', '-', '--data', place.data, '--json'],
    JSON.stringify(settings),
  )
  expect(planned.stderr).toBe('')
  const { systems } = JSON.parse(planned.stdout) as { systems: { system: string }[] }
  const [chat, credit] = systems
    .toSorted((a, b) => (a.system < b.system ? -1 : 1))
    .filter(({ system }) => system !== 'default')
  const older = Array.from({ length: MONTHS }, (_, i) => i).filter(
    (i) => i % 3 !== 0 && Date.parse(monthsAgo(i)) < Date.now() - 366 * DAY_MS,
  ).length
  expect(credit).toMatchObject({
    policy: 'year',
    decisions: 20,
    due: older,
    withinAYear: 20 - older,
    why: null,
  })
  expect(chat).toMatchObject({
    policy: null,
    decisions: 10,
    due: 0,
    withinAYear: 0,
    before: null,
    why: 'us_bipa_max comes before eu_mifid: people must resolve it',
  })
  const told = await runCommand(['retention', 'plan', '-', '--data', place.data], JSON.stringify(settings))
  expect(told.stdout).toMatch(
    new RegExp(`^credit +20 +${older} +${20 - older} +\\d{4}-\\d\\d-\\d\\d +year`, 'm'),
  )
  // Nothing was touched.
  expect((await server.get<{ items: object[] }>('/v1/decisions?limit=100')).items).toHaveLength(MONTHS)
})
