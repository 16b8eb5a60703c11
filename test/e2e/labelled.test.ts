import { readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

interface Row {
  id: string
  decisionId: string
  subject?: string
  inputFeatures: Record<string, unknown>
  notShown?: string[]
  protectedAttributes?: unknown
  messages?: unknown
  prediction: unknown
  outcome: { value: unknown; at: string; receivedAt: string } | null
  reviews: { observed: object | null; asserted: object | null }
  label: { value: unknown; from: string; why: string } | null
  warnings: string[]
}

interface Page {
  items: Row[]
  next: string | null
  leftOut: Record<string, number>
}

const PURPOSE = { 'Deponent-Purpose': 'retraining' }
const COUNT = 2_300

let place: Place
let server: ServerProcess

const decision = (decisionId: string, more: object = {}) => ({
  decisionId,
  system: 'credit',
  modelId: 'risk',
  modelVersion: '1',
  prediction: 'declined',
  confidence: 0.7,
  timestamp: '2026-01-10T00:00:00Z',
  affectedUserId: `person-${decisionId}`,
  purpose: 'credit scoring',
  inputFeatures: { income: 41_000, race: 'other', note: 'x'.repeat(80) },
  ...more,
})

async function post(path: string, body: unknown): Promise<void> {
  const response = await server.post(path, body)
  expect(response.status, await response.text()).toBe(201)
}

async function pageOf(query: string, headers: Record<string, string> = PURPOSE): Promise<Page> {
  const response = await server.fetch(`/v1/labelled-decisions?${query}`, { headers })
  const text = await response.text()
  expect(response.status, text).toBe(200)
  return JSON.parse(text) as Page
}

const rowsById = ({ items }: Page): Map<string, Row> => new Map(items.map((row) => [row.decisionId, row]))

beforeAll(async () => {
  place = await newPlace()
  server = await ServerProcess.start(place)
  await post('/v1/decisions', [
    decision('outcome-twice'),
    decision('overridden', { humanReviewed: true, humanDecision: 'declined' }),
    decision('agreed', { protectedAttributes: { age: 40 }, messages: [{ role: 'user', content: 'please' }] }),
    decision('asserted', { humanReviewed: true, humanOverride: true, humanDecision: 'approved' }),
    decision('known-before'),
    decision('unlabelled'),
    decision('for-marketing', { purpose: 'marketing' }),
    decision('no-consent', { lawfulBasis: 'consent' }),
    decision('restricted'),
    decision('no-purpose', { purpose: undefined }),
  ])
  const outcomes = [
    ['outcome-twice', { outcome: 'repaid', at: '2026-06-01T00:00:00Z' }],
    ['outcome-twice', { outcome: 'defaulted', at: '2026-03-01T00:00:00Z' }],
    ['known-before', { outcome: 'repaid', observedAt: '2025-12-01T00:00:00Z' }],
    ...['for-marketing', 'no-consent', 'restricted', 'no-purpose'].map((id) => [id, { outcome: 'repaid' }]),
  ] as [string, object][]
  for (const [id, outcome] of outcomes) await post(`/v1/decisions/${id}/outcomes`, outcome)
  await post('/v1/decisions/overridden/reviews', {
    reviewerId: 'ann',
    verdict: 'override',
    humanDecision: 'approved',
  })
  await post('/v1/decisions/agreed/reviews', { reviewerId: 'ann', verdict: 'agree' })
  const restriction = { isRestricted: true, reason: 'accuracy contested', ground: 'gdpr_18_1_a' }
  const restricted = await server.post('/v1/subjects/person-restricted/restriction', restriction)
  expect(restricted.status, await restricted.text()).toBeLessThan(300)
  await server.indexed()
})
afterAll(() => server.stop())

const COMPATIBLE = 'system=credit&compatible=credit%20scoring'

describe('labelled decisions', () => {
  test('are not handed out without a purpose', async () => {
    const response = await server.fetch(`/v1/labelled-decisions?${COMPATIBLE}`)
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      403,
      'purpose_required',
    ])
  })

  test('carry the latest outcome and when it came, reviews seen apart from reviews told of, and why the label is what it is', async () => {
    const rows = rowsById(await pageOf(COMPATIBLE))
    expect(rows.get('outcome-twice')).toMatchObject({
      label: { value: 'repaid', from: 'outcome', why: 'latest_outcome' },
      outcome: { value: 'repaid', at: '2026-06-01T00:00:00.000Z', receivedAt: expect.any(String) },
      reviews: { observed: null, asserted: null },
      warnings: [],
    })
    expect(rows.get('overridden')).toMatchObject({
      label: { value: 'approved', from: 'observed_review', why: 'human_decision' },
      outcome: null,
      reviews: {
        observed: { verdict: 'override' },
        asserted: { humanDecision: 'declined', isInDecision: true },
      },
    })
    expect(rows.get('agreed')).toMatchObject({
      label: { value: 'declined', why: 'prediction_upheld' },
      warnings: ['label_is_prediction'],
    })
    expect(rows.get('asserted')).toMatchObject({
      label: { value: 'approved', from: 'asserted_review' },
      warnings: ['label_is_asserted'],
    })
    expect(rows.get('known-before')?.warnings).toEqual(['outcome_before_decision'])
  })

  test('are left out, counted by reason, where their own record does not allow the purpose', async () => {
    const page = await pageOf(COMPATIBLE)
    expect([...rowsById(page).keys()].toSorted()).toEqual(
      ['agreed', 'asserted', 'known-before', 'outcome-twice', 'overridden'].toSorted(),
    )
    expect(page.leftOut).toEqual({
      restrictedPeople: 1,
      other_purpose: 1,
      consent_missing: 1,
      purpose_unstated: 1,
      unlabelled: 1,
    })
    const strict = await pageOf('system=credit')
    expect([strict.items, strict.leftOut['other_purpose']]).toEqual([[], 7])
  })

  test('of people whose processing is restricted stay out whatever is asked for', async () => {
    const rows = rowsById(await pageOf(`${COMPATIBLE}&unstated=true&unlabelled=true`))
    expect(rows.has('restricted')).toBe(false)
    expect([rows.has('no-purpose'), rows.get('unlabelled')?.label]).toEqual([true, null])
  })

  test('name people by handles, and show protected and sealed fields only when asked', async () => {
    const text = JSON.stringify(await pageOf(COMPATIBLE))
    expect(text).not.toMatch(/person-|other"|ann|please|xxxx/)
    const plain = rowsById(await pageOf(COMPATIBLE)).get('agreed')!
    expect(plain.subject).toMatch(/^[0-9a-f]{32}$/)
    expect([plain.inputFeatures, plain.notShown?.toSorted()]).toEqual([{ income: 41_000 }, ['note', 'race']])
    const more = rowsById(await pageOf(`${COMPATIBLE}&protected=true&sealed=true`)).get('agreed')!
    expect(more.inputFeatures).toEqual({ income: 41_000, race: 'other', note: 'x'.repeat(80) })
    expect(more).toMatchObject({
      protectedAttributes: { age: 40 },
      messages: [{ role: 'user', content: 'please' }],
    })
  })

  test('are on record as exported before the answer leaves, with purpose and count', async () => {
    await pageOf(`${COMPATIBLE}&modelVersion=1`)
    await server.indexed()
    const { items } = await server.get<{ items: Record<string, unknown>[] }>(
      '/v1/access?action=export&limit=1',
    )
    expect(items[0]).toMatchObject({
      operation: 'listLabelled',
      purpose: 'retraining',
      result: 'exported',
      count: 5,
    })
  })
})

describe('deponent export labelled', () => {
  const into = (name: string): string => join(place.data, '..', name)
  const exported = async (name: string, more: readonly string[]) => {
    const file = into(name)
    const where = ['--data', place.data, '--signer-state', place.signer, '--out', file]
    return { file, ...(await runCommand(['export', 'labelled', ...where, ...more])) }
  }

  test('writes CSV with a column for each feature, and says what it left out and what to beware of', async () => {
    const question = ['--purpose', 'retraining', '--compatible', 'credit scoring', '--where', 'system=credit']
    const { code, file, stderr, stdout } = await exported('labelled.csv', [
      ...question,
      '--format',
      'csv',
      '--json',
    ])
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      decisions: 5,
      leftOut: { restrictedPeople: 1, other_purpose: 1 },
      warnings: { outcome_before_decision: 1, label_is_prediction: 1, label_is_asserted: 1 },
    })
    const [head = '', ...lines] = (await readFile(file, 'utf8')).trimEnd().split('\r\n')
    expect(head).toMatch(/^id,decisionId,at,.*,label,labelFrom,labelWhy,.*,feature\.income,moreFeatures$/)
    expect(lines).toHaveLength(5)
  })

  test('needs a purpose and a file that is not there', async () => {
    expect((await exported('none.jsonl', [])).code).toBe(2)
    await writeFile(into('there.jsonl'), '')
    expect((await exported('there.jsonl', ['--purpose', 'x'])).code).toBe(2)
  })

  test('goes on from its last whole page after it was interrupted, with nothing twice and nothing missing', async () => {
    for (let from = 0; from < COUNT; from += 1_150)
      await post(
        '/v1/decisions',
        Array.from({ length: 1_150 }, (_, i) => ({
          ...decision(`many-${from + i}`, {
            system: 'many',
            humanReviewed: true,
            humanDecision: `h${i % 2}`,
          }),
          inputFeatures: { copy: `h${i % 2}`, nr: from + i },
        })),
      )
    await server.indexed()
    const options = ['--purpose', 'credit scoring', '--where', 'system=many']
    const whole = await exported('whole.jsonl', [...options, '--json'])
    expect(JSON.parse(whole.stdout)).toMatchObject({ decisions: COUNT, mirroredFeatures: ['copy'] })
    const text = await readFile(whole.file, 'utf8')
    const firstPage = `${text.split('\n').slice(0, 1_000).join('\n')}\n`
    const { next } = await pageOf('system=many&limit=1000', { 'Deponent-Purpose': 'credit scoring' })

    // As a process that was killed in the middle of its second page leaves it.
    const file = into('parts.jsonl')
    await writeFile(file, text)
    await truncate(file, Buffer.byteLength(firstPage) + 77)
    const question = {
      path: '/v1/labelled-decisions?system=many&limit=1000',
      purpose: 'credit scoring',
      format: 'jsonl',
    }
    const progress = { question, cursor: next, bytes: Buffer.byteLength(firstPage), rows: 1_000 }
    await writeFile(`${file}.progress`, JSON.stringify(progress))
    const resumed = await exported('parts.jsonl', ['--resume', '--json'])
    expect(resumed.code, resumed.stderr).toBe(0)
    expect(JSON.parse(resumed.stdout)).toMatchObject({ decisions: COUNT })
    expect(await readFile(file, 'utf8')).toBe(text)
    expect((await exported('parts.jsonl', ['--resume'])).code).toBe(2)
  })
})
