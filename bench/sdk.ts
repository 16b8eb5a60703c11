/**
 * What recording costs whoever calls: one decision of about 1 KB with twenty features given to `log`, and what `wrap` adds to a
 * function that does nothing, while a server in a process of its own takes what is sent. Peer: the `JSON.stringify` of the same decision
 * alone, without which nothing can be kept.
 *
 *   node bench/sdk.ts [--calls 40000] [--rate 4000]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { deponent } from '@deponent/sdk'
import type { Decision } from '@deponent/sdk'
import { decisionsOf } from './decisions/workload.ts'
import { describeMachine, machineLine } from './machine.ts'
import { quantilesOf } from './quantiles.ts'

const WARM_UP = 5_000
const TICK_MS = 5

/** Keeps every record, as far as its sender can tell. */
function serve(): void {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
      const receipts = text
        .toString('utf8')
        .split('\n')
        .map((_, position) => ({
          position,
          id: 'e',
          ledger: 'd',
          index: 0,
          leafHash: '',
          status: 'recorded',
        }))
      response.end(JSON.stringify({ receipts, errors: [], promise: null }))
    })
  })
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
}

/** Microseconds each call took, called evenly at `rate` a second. */
async function timed(calls: number, rate: number, call: (i: number) => unknown): Promise<number[]> {
  const times: number[] = []
  const startMs = performance.now()
  for (let i = 0; i < calls;) {
    const due = Math.min(calls, Math.ceil(((performance.now() - startMs) / 1_000) * rate))
    for (; i < due; i += 1) {
      const before = performance.now()
      call(i)
      times.push((performance.now() - before) * 1_000)
    }
    await setTimeout(TICK_MS)
  }
  return times
}

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: { calls: { type: 'string', default: '40000' }, rate: { type: 'string', default: '4000' } },
  })
  const [calls, rate] = [Number(values.calls), Number(values.rate)]
  const child = fork(fileURLToPath(import.meta.url), ['--serve'])
  const [port] = (await once(child, 'message')) as [number]
  const decisions = [...decisionsOf({ seed: 1, count: 1_000, newSubjects: 0.2 })]
  const audit = deponent({ url: `http://127.0.0.1:${port}`, key: 'k', system: 'bench' })
  const given = (i: number) => ({ ...decisions[i % decisions.length]!, decisionId: undefined }) as Decision
  const nothing = (features: unknown) => features !== undefined
  const wrapped = audit.wrap(nothing, { modelId: 'm' })
  const measures: [string, (i: number) => unknown][] = [
    ['log', (i) => audit.log(given(i))],
    ['wrap', (i) => wrapped(decisions[i % decisions.length]!.inputFeatures)],
    ['JSON.stringify alone', (i) => JSON.stringify(given(i)).length],
  ]
  console.log(
    `${machineLine(describeMachine('/tmp'), 'no peer')}\n${calls} calls at ${rate} a second; microseconds\n`,
  )
  console.log('| call | p50 | p95 | p99 | max |\n| --- | --- | --- | --- | --- |')
  for (const [name, call] of measures) {
    await timed(WARM_UP, rate, call)
    await audit.flush({ timeoutMs: 60_000 })
    const { p50, p95, p99, max } = quantilesOf(await timed(calls, rate, call))
    console.log(`| ${name} | ${[p50, p95, p99, max].map((value) => value.toFixed(1)).join(' | ')} |`)
  }
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const { p99: _ } = quantilesOf(await timed(calls, rate, (i) => audit.log(given(i))))
  delay.disable()
  console.log(
    `\nevent loop while sending, ms: p50 ${delay.percentile(50) / 1e6}, p99 ${delay.percentile(99) / 1e6}, max ${delay.max / 1e6}`,
  )
  await audit.close({ timeoutMs: 60_000 })
  const { reported, recorded } = audit.stats()
  child.kill()
  if (reported !== recorded) throw new Error(`${reported} reported and ${recorded} recorded`)
}

if (process.argv.includes('--serve')) serve()
else await run()
