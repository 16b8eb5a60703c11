import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loan } from '../recording/open-tenant.ts'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

const DAY_MS = 86_400_000
/** Thirty decisions, one from each month before now and some days. */
const MONTHS = 30

let place: Place
let server: ServerProcess
/** Entry id of the oldest decision of `credit`. */
let oldest: string

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

interface Kept {
  slug: string
  until: string | null
  policy: string | null
  why: string | null
}

interface Run {
  expired: number
  held: number
  restricted: number
  unfinished: number
  failure: string | null
  by: string
}

const settings = (period: string, version: number): string =>
  JSON.stringify({
    version,
    schedule: 'by_hand',
    policies: { ours: { bound: 'period', period, basis: 'a decision of ours', justification: 'claims' } },
    systems: { credit: { policies: ['ours'] } },
  })

async function retention(
  words: string[],
  input = '',
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return runCommand(['retention', ...words, '--data', place.data], input)
}

const isOld = (i: number): boolean => Date.parse(monthsAgo(i)) < Date.now() - 366 * DAY_MS

test('nothing is deleted before somebody agreed to a plan, and what was seen is what is agreed to', async () => {
  const doctor = await runCommand(['doctor', '--data', place.data])
  expect(doctor.stdout).toMatch(/retention +attention +retention_unset/)
  expect((await retention(['set', '-', '--reason', 'claims'], settings('P12M', 1))).stdout).toContain(
    'version 2 is in force',
  )
  expect((await runCommand(['doctor', '--data', place.data])).stdout).toContain('nobody has agreed to a plan')
  const early = await retention(['run', '--reason', 'now'])
  expect(early.stderr).toContain('nobody has agreed to a plan')
  const wrong = await retention(['run', '--plan', '0'.repeat(64), '--reason', 'now'])
  expect(wrong.stderr).toContain('what is due is not what it was')
  expect((await server.get<{ items: object[] }>('/v1/decisions?limit=100')).items).toHaveLength(MONTHS)
})

test('a decision says until when its content is kept, and by which policy, or why it stays', async () => {
  const recorded = await server.post('/v1/decisions?wait=checkpoint', [
    loan(1_000, { system: 'credit' }),
    loan(1_001, { system: 'chat' }),
  ])
  const { receipts } = (await recorded.json()) as { receipts: { id: string }[] }
  const [credit, chat] = await Promise.all(
    receipts.map(({ id }) => server.get<{ retention: Kept }>(`/v1/decisions/${id}`)),
  )
  expect(credit!.retention).toEqual({
    slug: 'r1',
    until: '2027-01-10T00:00:00.000Z',
    policy: 'ours',
    why: null,
  })
  expect(chat!.retention).toEqual({ slug: 'unset', until: null, policy: null, why: 'no policy' })
})

test('what is due goes, what a hold covers stays, and the ledger verifies with proof of both', async () => {
  const held = Array.from({ length: MONTHS }, (_, i) => i).filter(
    (i) => isOld(i) && i % 3 !== 0 && i % 11 === 5,
  )
  expect(held.length).toBeGreaterThan(0)
  const hold = await server.post('/v1/holds', {
    ground: 'litigation',
    scope: { subjects: ['person-5'] },
    owner: 'legal',
    reviewAt: '2199-01-01T00:00:00Z',
    reason: 'a claim',
  })
  expect(hold.status).toBe(201)
  const review = await server.post('/v1/decisions/loan-29/reviews', {
    reviewerId: 'clerk-1',
    verdict: 'agree',
    at: monthsAgo(29),
  })
  expect(review.status).toBe(201)
  await server.indexed()
  oldest = (await server.get<{ id: string }>('/v1/decisions/loan-29')).id
  const plan = JSON.parse((await retention(['plan', '--json'])).stdout) as {
    digest: string
    systems: { system: string; due: number }[]
  }
  const due = Array.from({ length: MONTHS }, (_, i) => i).filter((i) => isOld(i) && i % 3 !== 0)
  const planned = plan.systems.find(({ system }) => system === 'credit')!
  expect(planned.due).toBe(due.length + 1)
  const run = await retention(['run', '--plan', plan.digest, '--reason', 'agreed', '--json'])
  expect(run.stderr).toBe('')
  const ended = JSON.parse(run.stdout) as Run
  expect(ended).toMatchObject({
    expired: planned.due - held.length,
    held: held.length,
    unfinished: 0,
    failure: null,
  })
  const gone = await server.fetch('/v1/decisions/loan-29')
  expect(gone.status).toBe(410)
  const { erasure } = (await gone.json()) as { erasure: { index: number; id: string } }
  expect(erasure.index).toBeGreaterThan(MONTHS)
  const found = await server.get<{ items: { decisionId: string }[] }>('/v1/decisions?limit=100&system=credit')
  const left = new Set(found.items.map(({ decisionId }) => decisionId))
  for (const i of due) expect([i, left.has(`loan-${i}`)]).toEqual([i, held.includes(i)])
  // A resend of what has gone is refused, and so is what comes about it too late.
  const resent = await server.post('/v1/decisions', loan(29, { system: 'credit', timestamp: monthsAgo(29) }))
  expect(await resent.json()).toMatchObject({ errors: [{ code: 'erased' }] })
  const verified = await runCommand(['verify', place.data, '--json'])
  expect(JSON.parse(verified.stdout)).toMatchObject({
    verdict: 'valid',
    checked: { erased: planned.due - held.length },
  })
})

test('a second run finds nothing more, needs no plan, and the runs are listed', async () => {
  const again = JSON.parse((await retention(['run', '--reason', 'the month', '--json'])).stdout) as Run
  expect(again).toMatchObject({ expired: 0, unfinished: 0, failure: null })
  expect(again.held).toBeGreaterThan(0)
  const { items } = await server.get<{ items: Run[] }>('/v1/retention/runs')
  expect(items).toHaveLength(2)
})

test('one person alone does not shorten it', async () => {
  const shorter = await retention(['set', '-', '--reason', 'less'], settings('P6M', 2))
  expect(shorter.stderr).toContain('another identity')
  const longer = await retention(['set', '-', '--reason', 'more'], settings('P24M', 2))
  expect(longer.stdout).toContain('version 3 is in force')
  expect((await retention(['show'])).stdout).toContain('no: nothing is deleted')
})

test('what has gone stays gone, and slugs keep what they stand for, when index and state are built anew', async () => {
  await server.stop()
  await rm(join(place.data, 'state'), { recursive: true })
  expect((await runCommand(['reindex', '--data', place.data])).code).toBe(0)
  server = await ServerProcess.start(place)
  await server.indexed()
  expect((await server.fetch(`/v1/decisions/${oldest}`)).status).toBe(410)
  expect((await server.get<{ version: number }>('/v1/retention')).version).toBe(3)
  // Two retentions were in force before: the third is not taken for one of them.
  expect((await retention(['set', '-', '--reason', 'more'], settings('P36M', 3))).code).toBe(0)
  const recorded = await server.post('/v1/decisions', [loan(2_000, { system: 'credit' })])
  const { receipts } = (await recorded.json()) as { receipts: { id: string }[] }
  const { retention: kept } = await server.get<{ retention: Kept }>(`/v1/decisions/${receipts[0]!.id}`)
  expect(kept.slug).toBe('r3')
})
