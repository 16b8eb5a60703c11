import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ROUTES } from '../../packages/server/src/api/contract.ts'
import {
  type Knowing,
  pointerTold,
  questionOf,
  statementTold,
} from '../../packages/server/src/api/question.ts'
import type { Operation, Route } from '../../packages/server/src/api/route.ts'
import { Hmac } from '../../packages/server/src/vault/hmac.ts'
import { toHex } from '@deponent/format'

const hmac = new Hmac('sha256', new Uint8Array(32))
const token = (text: string): string => `token:${toHex(hmac.digest(text).subarray(0, 8))}`

/** A ledger that has a system, an emitter, an identity, a hold and an erasure. */
const ledger = {
  control: { identities: [{ id: 'i-1' }] },
  erasures: { status: (id: string) => (id === 'erasure-1' ? {} : undefined) },
  tenant: {
    reader: { tokenOf: (subject: string) => `person ${subject.length}`, tokenOfWord: token },
    systems: { slugOf: (name: string) => (name === 'credit' ? 's1' : undefined) },
    emitters: { named: (name: string) => (name === 'till-1' ? {} : undefined) },
    rights: { holds: { all: () => [{ holdId: 'hold-1' }] } },
  },
} as unknown as Knowing

const OPERATIONS = ROUTES.map(({ operation }) => operation)
const routeOf = (operation: Operation): Route => ROUTES.find((route) => route.operation === operation)!
const told = (operation: Operation, query: string, params: Record<string, string> = {}) =>
  questionOf(routeOf(operation), { params, query: new URLSearchParams(query) }, ledger)

describe('of a question the record of a look', () => {
  test('keeps words of the product, numbers, times and what the ledger declares', () => {
    expect(
      told('listDecisions', 'order=-at&limit=20&from=2026-01-01&to=2026-02-01T10:00:00Z&overridden=true'),
    ).toEqual({
      order: '-at',
      limit: '20',
      from: '2026-01-01',
      to: '2026-02-01T10:00:00Z',
      overridden: 'true',
    })
    expect(
      told('getAggregate', 'metrics=count,avg(latencyMs)&by=system,month&system=credit&minConfidence=0.5'),
    ).toEqual({
      metrics: 'count,avg(latencyMs)',
      by: 'system,month',
      system: 'credit',
      minConfidence: '0.5',
    })
    expect(told('listAccess', 'identity=i-1&role=auditor&action=list&result=denied')).toEqual({
      identity: 'i-1',
      role: 'auditor',
      action: 'list',
      result: 'denied',
    })
    expect(told('getHold', '', { id: 'hold-1' })).toEqual({ ':id': 'hold-1' })
    expect(told('getErasure', '', { id: 'erasure-1' })).toEqual({ ':id': 'erasure-1' })
    expect(told('getEmitterProof', 'epoch=1', { emitter: 'till-1' })).toEqual({
      ':emitter': 'till-1',
      epoch: '1',
    })
    expect(told('exportSubject', 'format=html&scope=all', { subject: 'anna' })).toEqual({
      ':subject': 'person 4',
      format: 'html',
      scope: 'all',
    })
  })

  test('keeps a token of what somebody typed, the same for the same words wherever they stand', () => {
    const anna = token('anna@example.com')
    expect(
      told('listDecisions', 'q=anna@example.com&userId=anna@example.com&feature.anna@example.com=1'),
    ).toEqual({
      q: anna,
      userId: anna,
      [`feature.${anna}`]: token('1'),
    })
    expect(told('getDecision', 'reveal=/messages,/metadata/anna', { id: 'loan-1' })).toEqual({
      ':id': token('loan-1'),
      reveal: `/messages,/metadata/${token('anna')}`,
    })
    expect(told('getAggregate', 'by=feature.income,anna&metrics=anna')).toEqual({
      by: `feature.${token('income')},${token('anna')}`,
      metrics: token('anna'),
    })
  })

  test('says nothing that was typed into a parameter, whatever it is called and whatever is typed', () => {
    const word = fc
      .stringMatching(/^[A-Za-zåäöé@. -]{6,40}$/)
      .filter((text) => !/^(?:listed|record|system)$/.test(text))
    const name = fc.oneof(
      fc.constantFrom(...ROUTES.flatMap(({ query }) => Object.keys(query?.shape ?? {}))),
      word,
      word.map((text) => `feature.${text}`),
    )
    fc.assert(
      fc.property(fc.constantFrom(...OPERATIONS), name, word, (operation, parameter, value) => {
        const asked = { params: { id: value }, query: [[parameter, value] as const] }
        const text = JSON.stringify(questionOf(routeOf(operation), asked, ledger))
        expect(text).not.toContain(JSON.stringify(value).slice(1, -1))
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('of a statement the record of a look', () => {
  test('keeps what it asks for, and a question mark for every text, number and name of its own', () => {
    const sql = `select count() AS anna, "feature.mail" from decisions d -- for anna
      WHERE modelId = 'anna' /* anna */ AND confidence > 0.5 and at > now() - INTERVAL 3 DAY`
    expect(statementTold(sql, ledger)).toEqual({
      sql: 'select count ( ) as ? , ? from decisions ? where modelId = ? and confidence > ? and at > now ( ) - interval ? day',
      token: expect.stringMatching(/^token:[0-9a-f]{16}$/),
    })
  })

  test('is the same token for the same statement, spaces and comments apart', () => {
    const tokenIn = (sql: string) => (statementTold(sql, ledger) as { token: string }).token
    expect(tokenIn("SELECT 1 FROM decisions WHERE userId='a'")).toBe(
      tokenIn("SELECT 1 FROM decisions -- that one\n WHERE userId = 'a';"),
    )
    expect(tokenIn("SELECT 'a'")).not.toBe(tokenIn("SELECT 'b'"))
  })

  test('is a token alone where the statement is none we read', () => {
    expect(statementTold('anna; DROP @', ledger)).toEqual({ token: token('anna; DROP @') })
  })
})

test('a pointer is told by the fields the format knows', () => {
  expect(pointerTold('/messages/0/content', ledger)).toBe('/messages/0/content')
  expect(pointerTold('/affectedUserId', ledger)).toBe('/affectedUserId')
  expect(pointerTold('anna', ledger)).toBe(token('anna'))
  expect(pointerTold('/anna', ledger)).toBe(`/${token('anna')}`)
})
