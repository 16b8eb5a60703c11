/** The shapes of the contract, as a stranger reads them from its examples. */
import { expect } from 'vitest'

export interface Receipt {
  position: number
  id: string
  decisionId?: string
  ledger: string
  index: number
  leafHash: string
  status: 'recorded' | 'duplicate'
  path?: string[]
}

export interface RecordError {
  position: number
  decisionId?: string
  code: string
  path: string
  message: string
}

export interface Envelope {
  recorded: number
  duplicates: number
  rejected: number
  receipts: Receipt[]
  promise: string | null
  errors: RecordError[]
}

export interface Listed {
  id: string
  decisionId?: string
  index: number
  at: string
  system: string
  modelId: string
}

export interface List {
  items: Listed[]
  next: string | null
  asOf: { size: number }
}

export interface One {
  id: string
  kind: string
  index: number
  ledger: string
  at: string
  receivedAt: string
  system: string
  record: Record<string, unknown>
  links: { rel: string; id: string }[]
  completeness?: { profile: string; score: number; missing: string[] }
}

/** The envelope of an answer that must have this status. */
export async function envelopeOf(answer: Promise<Response>, status: number): Promise<Envelope> {
  const response = await answer
  const text = await response.text()
  expect({ status: response.status, text }).toEqual({ status, text })
  expect(response.headers.get('content-type')).toBe('application/json')
  const envelope = JSON.parse(text) as Envelope
  expect(Object.keys(envelope)).toEqual([
    'recorded',
    'duplicates',
    'rejected',
    'receipts',
    'promise',
    'errors',
  ])
  expect(envelope.receipts).toHaveLength(envelope.recorded + envelope.duplicates)
  expect(envelope.errors).toHaveLength(envelope.rejected)
  return envelope
}

/** Checks that the answer is this problem, and gives its members. */
export async function problemOf(
  answer: Promise<Response>,
  status: number,
  code: string,
): Promise<Record<string, unknown> & { headers: Headers }> {
  const response = await answer
  const text = await response.text()
  expect({ status: response.status, text }).toEqual({ status, text })
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const problem = JSON.parse(text) as Record<string, unknown>
  expect(problem).toMatchObject({
    status,
    code,
    type: expect.any(String),
    title: expect.any(String),
    detail: expect.any(String),
  })
  return { ...problem, headers: response.headers }
}

/** `count` decisions that differ, with ids `PREFIX-0` and on. */
export function decisions(prefix: string, count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, i) => ({
    decisionId: `${prefix}-${i}`,
    modelId: 'credit-risk',
    prediction: i % 2 === 0 ? 'approved' : 'declined',
  }))
}
