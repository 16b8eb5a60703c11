/** Prints how well the detectors do on the labelled texts, and what looking through a record of 1 KB costs. */
import { createHash } from 'node:crypto'
import { readJson, normalizeRecord } from '@deponent/format'
import { Classifier } from '../packages/server/src/vault/classify/classifier.ts'
import { DEFAULT_CLASSIFICATION } from '../packages/server/src/vault/classify/policy.ts'
import { corpus, scores } from '../test/classify/corpus.ts'

const percent = (part: number): string => (Number.isNaN(part) ? '-' : `${(part * 100).toFixed(1)} %`)

console.log('| what | texts | recall | taken for it wrongly | precision |')
console.log('| --- | --- | --- | --- | --- |')
for (const { label, texts, recall, wrong, precision } of scores(corpus()))
  console.log(`| ${label} | ${texts} | ${percent(recall)} | ${wrong} | ${percent(precision)} |`)
console.log(
  `${corpus().length} texts, ${corpus().filter(({ label }) => label === 'none').length} of them hold nothing`,
)

const RUNS = 20_000

/** A decision of about 1 KB with twenty features, as the benchmarks send. */
function sample(i: number): string {
  const features = Object.fromEntries(
    Array.from({ length: 20 }, (_, n) => [
      `feature_${n}`,
      n % 3 === 0 ? `value-${(i * 7 + n) % 50}` : (i * 31 + n * 17) % 1000,
    ]),
  )
  return JSON.stringify({
    decisionId: `loan-${i}`,
    modelId: 'credit-risk',
    modelVersion: '3.2.1',
    userId: `user-${i % 500}`,
    sessionId: `session-${i}`,
    traceId: createHash('md5').update(`${i}`).digest('hex'),
    affectedUserId: `person-${i % 900}`,
    prediction: i % 3 === 0 ? 'declined' : 'approved',
    confidence: 0.73,
    timestamp: '2026-01-10T00:00:00.000Z',
    inputFeatures: features,
    explanation: {
      reasoning: 'the income is low for the amount asked and the history is short',
      topFeatures: [],
    },
    metadata: { channel: 'web', branch: 'north', note: 'x'.repeat(200) },
  })
}

const records = Array.from({ length: 256 }, (_, i) => normalizeRecord('decision', readJson(sample(i))).record)
const classifier = new Classifier(new Uint8Array(32), DEFAULT_CLASSIFICATION)
for (let i = 0; i < RUNS; i += 1) classifier.classify('decision', 'credit', records[i % 256]!)
const started = process.cpuUsage()
for (let i = 0; i < RUNS; i += 1) classifier.classify('decision', 'credit', records[i % 256]!)
const spent = process.cpuUsage(started)
const micros = (spent.user + spent.system) / RUNS
console.log(`${micros.toFixed(1)} µs of processor a record of ${sample(0).length} characters`)
