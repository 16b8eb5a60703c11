import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AIAuditLogger, deponent } from '@deponent/sdk'
import type { Deponent, DeponentOptions } from '@deponent/sdk'
import { LedgerServer } from './ledger-server.ts'

let server: LedgerServer
let audit: Deponent
let url: string

beforeEach(async () => {
  server = new LedgerServer()
  url = await server.start()
  audit = deponent({
    url,
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

describe('a function of the application that rejects, or that gives what resists,', () => {
  const later = async (): Promise<never> => {
    await Promise.resolve()
    throw new Error('not ready')
  }
  const rejecting = later as () => never

  it('reaches nobody: no rejection is left that nobody handles', async () => {
    const unhandled: unknown[] = []
    const heard = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', heard)
    const told = deponent({
      url,
      key: 'k',
      flushIntervalMs: 3_600_000,
      onError: rejecting,
      onReceipt: rejecting,
    })
    const options = { ...model, input: rejecting, output: rejecting, describe: rejecting }
    told.wrap(() => 1, {
      ...options,
      onRecorded: rejecting,
      riskTier: 'high',
      explain: later,
      modelDigest: rejecting,
    })()
    await told.handler(async () => new Response('x'), options)(new Request('http://a.example/'))
    told.nodeHandler(() => 'made', options)(
      { headers: {} },
      { statusCode: 200, writableFinished: true, once: (_, listener) => listener() },
    )
    await told.close()
    await new Promise((resolve) => void setTimeout(resolve, 0))
    process.off('unhandledRejection', heard)
    expect(unhandled).toEqual([])
    expect(told.stats()).toMatchObject({ reported: 3, lost: 0 })
  })

  it('costs the record what it should have given, and nothing else', async () => {
    const describing = () => resisting({}) as { confidence: number }
    audit.wrap(() => 'a', { ...model, describe: describing })()
    await audit.handler(async () => new Response('b'), { ...model, describe: describing })(
      new Request('http://a.example/'),
    )
    await audit.flush()
    expect(server.records).toMatchObject([
      { status: 'ok', prediction: 'a' },
      { status: 'ok', prediction: { status: 200 } },
    ])
  })

  it('has its records declared lost when it was to redact them', async () => {
    const redacting = deponent({
      url,
      key: 'k',
      onError: () => undefined,
      redact: rejecting,
    })
    redacting.log({ ...model, prediction: 'x' })
    await redacting.close()
    expect([server.records, redacting.stats().lost]).toEqual([[], 1])
  })
})

describe('a handler that answers with no response', () => {
  const nothing = undefined as unknown as Response
  const request = () => new Request('http://a.example/')

  it('is answered for as it is, and recorded as an error', async () => {
    expect(audit.handler(() => nothing, model)(request())).toBeUndefined()
    expect(await audit.handler(async () => nothing, model)(request())).toBeUndefined()
    await audit.flush()
    const failed = { status: 'error', error: { message: 'the handler gave no response' } }
    expect(server.records).toMatchObject([failed, failed])
  })

  it('but with what resists hands that on, and is recorded as an error', async () => {
    const given = resisting({}) as Response
    expect(audit.handler(() => given, model)(request()) === given).toBe(true)
    await audit.close()
    expect(server.records).toMatchObject([{ status: 'error' }])
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
