import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AIAuditLogger, deponent } from '@deponent/sdk'
import type { Deponent, DeponentOptions } from '@deponent/sdk'
import { LedgerServer } from './ledger-server.ts'

let server: LedgerServer
let audit: Deponent

beforeEach(async () => {
  server = new LedgerServer()
  audit = deponent({
    url: await server.start(),
    key: 'k',
    flushIntervalMs: 3_600_000,
    onError: () => undefined,
  })
})

afterEach(async () => {
  await audit.close({ timeoutMs: 0 })
  await server.stop()
})

/** An object every look at which throws. */
function resisting<T extends object>(target: T): T {
  const no = () => {
    throw new Error('no')
  }
  return new Proxy(target, {
    get: no,
    has: no,
    ownKeys: no,
    getPrototypeOf: no,
    getOwnPropertyDescriptor: no,
  })
}

const model = { modelId: 'm' }
const accounted = (): boolean => {
  const { reported, recorded, duplicates, rejected, lost, waiting } = audit.stats()
  return reported === recorded + duplicates + rejected + lost + waiting
}

describe('a value that resists being looked at', () => {
  it('goes in and out of a recorded function as it is', () => {
    const value = resisting({})
    expect(audit.wrap((given: object) => given, model)(value) === value).toBe(true)
    expect(audit.stats().reported).toBe(1)
  })

  it('is thrown as it is', () => {
    const error = resisting(new Error('x'))
    const call = audit.wrap(() => {
      throw error
    }, model)
    let caught: unknown
    try {
      call()
    } catch (thrown) {
      caught = thrown
    }
    expect(caught === error).toBe(true)
    expect(audit.stats().reported).toBe(1)
  })

  it('passes a stream as it is', async () => {
    const value = resisting({})
    const seen: boolean[] = []
    const stream = audit.wrap(function* () {
      yield value
      yield 'after'
    }, model)
    for (const part of stream()) seen.push(part === value || part === 'after')
    expect(seen).toEqual([true, true])
    await audit.flush()
    expect(server.records).toMatchObject([{ status: 'ok' }])
  })

  it.each([
    'log',
    'review',
    'outcome',
    'action',
    'query',
    'explanation',
    'lifecycle',
    'dataset',
    'lineage',
  ] as const)('costs %s nothing but a declared loss', (name) => {
    const call = audit[name].bind(audit) as (given: unknown) => string
    expect(call(resisting({}))).toMatch(/^[0-9a-f-]{36}$/)
    expect(call(null)).toMatch(/^[0-9a-f-]{36}$/)
    expect(audit.stats()).toMatchObject({ reported: 2, lost: 1 })
    expect(accounted()).toBe(true)
  })

  it('costs other loggers and handlers nothing either', async () => {
    const logger = new AIAuditLogger(audit)
    expect(typeof logger.log_decision(resisting({ model_id: 'm' }))).toBe('string')
    const answer = new Response('x')
    const handler = audit.handler(() => answer, model)
    expect(handler(resisting(new Request('http://a.example/'))) === answer).toBe(true)
    const made = audit.nodeHandler(() => 'made', model)
    expect(
      made(resisting({ headers: {} }), resisting({ statusCode: 1, writableFinished: true, once: () => 0 })),
    ).toBe('made')
    await audit.flush()
    expect(accounted()).toBe(true)
  })
})

it('a client that is told nothing records nothing, and throws nothing', async () => {
  const lost = deponent({ onError: () => undefined, requestTimeoutMs: 50 } as unknown as DeponentOptions)
  lost.log({ ...model, prediction: 1 })
  await lost.close({ timeoutMs: 50 })
  expect(lost.stats()).toMatchObject({ reported: 1, lost: 1 })
})

it('a limit too long for a timer is no limit', async () => {
  const call = audit.wrap(() => new Promise((resolve) => setTimeout(() => resolve('late'), 20)), {
    ...model,
    timeoutMs: Number.POSITIVE_INFINITY,
  })
  expect(await call()).toBe('late')
  await audit.flush()
  expect(server.records).toMatchObject([{ status: 'ok' }])
})
