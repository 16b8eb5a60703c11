import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Deponent } from '@deponent/sdk'
import type { Issue } from '@deponent/sdk'
import { LedgerServer } from './ledger-server.ts'

let server: LedgerServer
let deponent: Deponent
let issues: Issue[]

beforeEach(async () => {
  server = new LedgerServer()
  issues = []
  const onError = (issue: Issue) => void issues.push(issue)
  deponent = new Deponent({ url: await server.start(), key: 'k', flushIntervalMs: 3_600_000, onError })
})

afterEach(async () => {
  await deponent.close({ timeoutMs: 0 })
  await server.stop()
})

async function recorded(): Promise<Record<string, unknown>> {
  await deponent.flush()
  const { records } = server
  return records[records.length - 1]!
}

const model = { modelId: 'm', modelVersion: '1' }

describe('an audited function', () => {
  it('answers as before and is recorded with argument, result and time', async () => {
    const audited = deponent.audit((income: number) => (income > 1000 ? 'approve' : 'decline'), model)
    expect(audited(2000)).toBe('approve')
    expect(await recorded()).toMatchObject({
      ...model,
      status: 'ok',
      input: 2000,
      prediction: 'approve',
      latencyMs: expect.any(Number),
      decisionId: expect.any(String),
    })
  })

  it('keeps its this and records several arguments as an array', async () => {
    const scorer = {
      bonus: 2,
      score: deponent.audit(function (this: { bonus: number }, a: number, b: number) {
        return a + b + this.bonus
      }, model),
    }
    expect(scorer.score(1, 2)).toBe(5)
    expect(await recorded()).toMatchObject({ input: [1, 2], prediction: 5 })
  })

  it('hands on the very promise it was given, and is recorded when that resolves', async () => {
    const promise = Promise.resolve({ label: 'spam', fit: 0.9 })
    const audited = deponent.audit(() => promise, {
      ...model,
      output: (result) => result.label,
      describe: (result) => ({ confidence: result.fit }),
    })
    expect(audited()).toBe(promise)
    await promise
    const record = await recorded()
    expect(record).toMatchObject({ prediction: 'spam', confidence: 0.9 })
    expect(record).not.toHaveProperty('input')
  })

  it('throws what it threw, recorded as an error', async () => {
    const error = new RangeError('too many')
    const audited = deponent.audit((_: string) => {
      throw error
    }, model)
    expect(() => audited('x')).toThrow(error)
    const record = await recorded()
    expect(record).toMatchObject({
      status: 'error',
      error: { type: 'RangeError', message: 'too many' },
      input: 'x',
    })
    expect(record).not.toHaveProperty('prediction')
  })

  it('rejects as it rejected, recorded as an error', async () => {
    const error = new Error('timeout')
    const audited = deponent.audit(() => Promise.reject(error), model)
    await expect(audited()).rejects.toBe(error)
    expect(await recorded()).toMatchObject({ status: 'error', error: { type: 'Error', message: 'timeout' } })
  })

  it('is recorded with the arguments it was called with, even if it changes them', async () => {
    const audited = deponent.audit((features: { age: number }) => {
      features.age = 0
      return 'done'
    }, model)
    audited({ age: 41 })
    expect(await recorded()).toMatchObject({ input: { age: 41 } })
  })

  it('says in words what JSON has no value for', async () => {
    const nothing = deponent.audit((_: unknown) => undefined, model)
    nothing({
      big: 2n ** 64n,
      not: Number.NaN,
      fn: Math.max,
      map: new Map([[1, 2]]),
      bytes: new Uint8Array(3),
    })
    expect(await recorded()).toMatchObject({
      prediction: '[undefined]',
      input: {
        big: '18446744073709551616',
        not: 'NaN',
        fn: '[function max]',
        map: [[1, 2]],
        bytes: '[3 bytes]',
      },
    })
    const cyclic: Record<string, unknown> = { a: 1 }
    cyclic['self'] = cyclic
    nothing(cyclic)
    expect(await recorded()).toMatchObject({ input: { a: 1, self: '[circular]' } })
  })

  it('does not read what it cannot listen to, and starts nothing that only starts when awaited', async () => {
    let started = 0
    const lazy = { then: () => void (started += 1) }
    expect(deponent.audit(() => lazy, model)()).toBe(lazy)
    expect(await recorded()).toMatchObject({ prediction: '[stream]' })
    const web = new ReadableStream()
    expect(deponent.audit(() => web, model)()).toBe(web)
    expect(await recorded()).toMatchObject({ prediction: '[stream]' })
    expect([started, web.locked]).toEqual([0, false])
  })

  it('can leave input and output out, or choose what of them is recorded', async () => {
    deponent.audit((_: string) => 'secret', { ...model, input: false, output: false })('secret')
    const silent = await recorded()
    expect(JSON.stringify(silent)).not.toContain('secret')
    expect(silent).toMatchObject({ prediction: '[not captured]' })
    deponent.audit((a: string) => a, { ...model, input: (a) => ({ length: a.length }), output: () => 'y' })(
      'abc',
    )
    expect(await recorded()).toMatchObject({ input: { length: 3 }, prediction: 'y' })
  })

  it('still answers and is still recorded when a capture function throws', async () => {
    const broken = () => {
      throw new Error('secret detail')
    }
    const audited = deponent.audit((a: number) => a + 1, {
      ...model,
      input: broken,
      output: broken,
      describe: broken,
    })
    expect(audited(1)).toBe(2)
    expect(await recorded()).toMatchObject({ status: 'ok', prediction: '[not captured]' })
    expect(issues.map(({ code }) => code)).toEqual(['capture_failed', 'capture_failed', 'capture_failed'])
    expect(JSON.stringify(issues)).not.toContain('secret detail')
  })

  it('carries the context it was given', async () => {
    deponent.audit(() => 1, { ...model, riskTier: 'high', system: 'scorer', input: false })()
    expect(await recorded()).toMatchObject({ riskTier: 'high', system: 'scorer' })
  })
})
