import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromBase64, openedSetRoot, parseTrust, toHex, type Trust, verifyBundle } from '@deponent/format'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loan } from '../recording/open-tenant.ts'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

let place: Place
let server: ServerProcess
let trust: Trust
const PERSON = 'person-7'

interface Erasure {
  status: string
  receipt: { setRoot: string; records: number; entry: { index: number; id: string } } | null
}

let receipt: NonNullable<Erasure['receipt']>

async function erased(subject: string): Promise<NonNullable<Erasure['receipt']>> {
  const asked = await server.fetch(`/v1/subjects/${subject}`, { method: 'DELETE' })
  expect(asked.status).toBe(202)
  const { erasureId } = (await asked.json()) as { erasureId: string }
  for (;;) {
    const erasure = (await (await server.fetch(`/v1/erasures/${erasureId}`)).json()) as Erasure
    if (erasure.receipt) return erasure.receipt
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

beforeAll(async () => {
  place = await newPlace()
  server = await ServerProcess.start(place)
  const decisions = Array.from({ length: 100 }, (_, i) => loan(i))
  expect((await server.post('/v1/decisions?wait=checkpoint', decisions)).status).toBe(201)
  await server.indexed()
  receipt = await erased(PERSON)
  const format = JSON.parse(await readFile(join(place.data, 'format.json'), 'utf8')) as {
    ledgers: { default: object }
  }
  trust = parseTrust({ ledgers: [format.ledgers.default] })
}, 120_000)
afterAll(() => server.stop())

describe('a decision that was erased', () => {
  test.each(['', '/timeline'])('answers 410%s with what shows that it was', async (tail) => {
    const response = await server.fetch(`/v1/decisions/loan-7${tail}`)
    expect(response.status).toBe(410)
    const problem = (await response.json()) as {
      code: string
      erasure: { index: number; id: string }
      setRoot: string
      position: number
      salt: string
      path: string[]
    }
    expect(problem).toMatchObject({ code: 'erased', erasure: receipt.entry, setRoot: receipt.setRoot })
    const opening = {
      position: problem.position,
      salt: fromBase64(problem.salt),
      path: problem.path.map(fromBase64),
    }
    const opens = Array.from({ length: 120 }, (_, index) => openedSetRoot(opening, index))
    expect(opens.filter((root) => root && toHex(root) === receipt.setRoot).length).toBe(1)
  })

  test('keeps its proof, and the others stay as they were', async () => {
    expect((await server.fetch('/v1/decisions/loan-7/proof')).status).toBe(200)
    expect((await server.fetch('/v1/decisions/loan-8')).status).toBe(200)
    expect((await server.fetch('/v1/decisions?limit=1000')).status).toBe(200)
  })

  test('is shown to be erased in a bundle that brings the entry which says so', async () => {
    const response = await server.fetch('/v1/decisions/loan-7/bundle')
    const report = verifyBundle(await response.text(), { trust })
    expect(report.verdict).toBe('valid')
    expect(report.checked.erased).toBe(1)
    const [decision, erasure] = report.entries
    expect(decision).toMatchObject({ proven: true, payload: 'erased', fields: [] })
    expect(erasure).toMatchObject({
      index: receipt.entry.index,
      fields: [{ pointer: '/setRoot', value: receipt.setRoot }],
    })
  })

  test('stands in a bundle beside decisions that are disclosed, and says nothing of them', async () => {
    const body = { from: 0, to: receipt.entry.index + 1, disclose: ['/modelId'] }
    const report = verifyBundle(await (await server.post('/v1/bundles', body)).text(), { trust })
    expect(report.verdict).toBe('valid')
    expect(report.checked.erased).toBe(receipt.records)
    const decisions = report.entries.filter(({ entry }) => entry?.kind === 'decision')
    expect(decisions.filter(({ payload }) => payload === 'disclosed').length).toBe(100 - receipt.records)
  })

  test('leaves a directory that verify calls valid, and counts what is erased', async () => {
    await server.stop()
    const { code, stdout } = await runCommand(['verify', place.data, '--json'])
    const { verdict, checked, findings } = JSON.parse(stdout) as {
      verdict: string
      checked: { erased: number }
      findings: { code: string }[]
    }
    server = await ServerProcess.start(place)
    expect({ code, verdict, erased: checked.erased }).toEqual({
      code: 0,
      verdict: 'valid',
      erased: receipt.records,
    })
    expect(findings.map((finding) => finding.code)).toContain('payload_erased')
  })
})
