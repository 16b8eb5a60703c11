/** Questions to a long history, each asked again and again with other values so that none is answered from memory. */
import { type Quantiles, quantilesOf } from '../quantiles.ts'
import type { Served } from '../decisions/deponent.ts'
import type { Decision } from '../decisions/workload.ts'

export interface Asked {
  readonly question: string
  /** Milliseconds from sending to the last byte. */
  readonly ms: Quantiles
}

type Question = (known: Decision, n: number) => string

const DAY_MS = 86_400_000

/** What each asks; `known` is a decision of the history, another one each time, and `n` counts. */
const QUESTIONS: Readonly<Record<string, Question>> = {
  'one decision by its id': ({ decisionId }) => `/v1/decisions/${decisionId}`,
  'by trace': ({ traceId }) => `/v1/decisions?traceId=${traceId}`,
  'by person': ({ affectedUserId }) => `/v1/decisions?subject=${affectedUserId}&limit=100`,
  'by model, one day': ({ modelId, timestamp }) =>
    `/v1/decisions?modelId=${modelId}&${dayOf(timestamp)}&limit=100`,
  'latest 50': (_, n) => `/v1/decisions?limit=50&minLatencyMs=${n / 1e6}`,
  'latest 100 overridden': (_, n) => `/v1/decisions?overridden=true&limit=100&minLatencyMs=${n / 1e6}`,
  'all history by model': (_, n) =>
    `/v1/aggregate?metrics=count,avg(confidence)&by=modelId&minLatencyMs=${n / 1e6}`,
  'all history by region, prediction': (_, n) =>
    `/v1/aggregate?metrics=count&by=feature.region,prediction&minLatencyMs=${n / 1e6}`,
  'all history by prediction, outcome': (_, n) =>
    `/v1/aggregate?metrics=count&by=prediction,outcome&minLatencyMs=${n / 1e6}`,
}

function dayOf(timestamp: string): string {
  const day = Math.floor(Date.parse(timestamp) / DAY_MS) * DAY_MS
  return `from=${new Date(day).toISOString()}&to=${new Date(day + DAY_MS).toISOString()}`
}

/** Asks every question `times` times, one at a time. @throws Error when one is not answered with 200 */
export async function ask(
  { url, token }: Pick<Served, 'url' | 'token'>,
  known: readonly Decision[],
  times: number,
): Promise<Asked[]> {
  const asked: Asked[] = []
  let n = 0
  for (const [question, path] of Object.entries(QUESTIONS)) {
    const all: number[] = []
    for (let i = -1; i < times; i += 1) {
      n += 1
      const target = path(known[n % known.length]!, n)
      const startedMs = performance.now()
      const response = await fetch(new URL(target, url), { headers: { authorization: `Bearer ${token}` } })
      const body = await response.text()
      // The first one warms up what all of a kind share.
      if (i >= 0) all.push(performance.now() - startedMs)
      if (response.status !== 200)
        throw new Error(`${target} was answered ${response.status}: ${body.slice(0, 300)}`)
    }
    asked.push({ question, ms: quantilesOf(all) })
  }
  return asked
}
