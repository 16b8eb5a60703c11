/** Records to count the bytes of: each corpus is what one kind of application would send. Seeded; nothing here reads a clock. */

import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Chance } from '../../packages/server/src/demo/chance.ts'
import { history } from '../../packages/server/src/demo/history.ts'
import { decisionsOf } from '../decisions/workload.ts'

export interface Corpus {
  name: string
  description: string
  /** As they are sent, in order, with their kind. */
  records: ({ kind: string } & object)[]
}

const COMPAS = fileURLToPath(
  new URL('../../../shared/datasets/compas/compas-two-years-min.csv', import.meta.url),
)
/** 2026-07-01T00:00:00Z: where the demo's half year ends. */
const DEMO_NOW_MS = Date.UTC(2026, 6, 1)

/** Every corpus that can be had here; `left` says what cannot, and why. */
export function corpora(count: number): { all: Corpus[]; left: string[] } {
  const all = [loans(count), nobody(count), conversations(count), demo(count)]
  if (existsSync(COMPAS)) return { all: [...all, compas()], left: [] }
  return { all, left: ['the COMPAS data set is not beside this checkout'] }
}

function loans(count: number): Corpus {
  const records = decisionsOf({ seed: 1, count, newSubjects: 0.2 }).map((one) => ({
    kind: 'decision',
    ...one,
  }))
  return { name: '1 KB, with a person', description: 'the loan decisions of decisions.ts', records }
}

function nobody(count: number): Corpus {
  const records = decisionsOf({ seed: 2, count, newSubjects: 0.2 }).map(({ affectedUserId: _, ...one }) => ({
    kind: 'decision',
    ...one,
  }))
  return { name: '1 KB, about nobody', description: 'the same without the person', records }
}

/** Paragraphs of this repository's own pages as what is asked and answered: prose nobody wrote for a benchmark. */
function conversations(count: number): Corpus {
  const chance = new Chance('conversations')
  const pages = ['architecture', 'format', 'http-api', 'cli', 'limits', 'performance']
  const paragraphs = pages
    .map((page) => readFileSync(new URL(`../../docs/${page}.md`, import.meta.url), 'utf8'))
    .flatMap((text) => text.split(/\n\n+/))
    .filter((text) => text.length > 150 && text.length < 1_200 && !/[|`]{3}/.test(text))
  const prose = (bytes: number): string => {
    let text = ''
    while (text.length < bytes) text += `${paragraphs[chance.integer(0, paragraphs.length - 1)]}\n`
    return text.slice(0, bytes)
  }
  const instructions = prose(1_500)
  const records = Array.from({ length: Math.ceil(count / 4) }, (_, n) => ({
    kind: 'decision',
    decisionId: `turn-${n}-${chance.integer(0, 2 ** 31)}`,
    timestamp: new Date(DEMO_NOW_MS + n * 700).toISOString(),
    system: 'assistant',
    affectedUserId: `person-${chance.integer(0, count)}`,
    modelId: 'assistant-large',
    modelVersion: '2026-05',
    modelType: 'llm',
    messages: [
      { role: 'system', content: instructions },
      { role: 'user', content: prose(chance.integer(200, 900)) },
      { role: 'assistant', content: prose(chance.integer(1_500, 3_000)) },
    ],
    tokenUsage: { input: chance.integer(500, 900), output: chance.integer(300, 700) },
    latencyMs: chance.integer(300, 4_000),
  }))
  return {
    name: '4 KB and more',
    description: 'turns of an assistant: a third instructions that are always the same',
    records,
  }
}

/** The demo company, all kinds of records, from the beginning of its half year. */
function demo(count: number): Corpus {
  const all = [...history({ seed: 'bytes', now: DEMO_NOW_MS })].slice(0, count)
  const records = all.map(({ kind, record }) => ({ kind, ...record }))
  return {
    name: 'demo mix',
    description: 'the demo company: scores, screenings, an assistant, reviews, outcomes',
    records,
  }
}

function compas(): Corpus {
  const [head = '', ...lines] = readFileSync(COMPAS, 'utf8').trim().split('\n')
  const names = head.split(',')
  const records = lines.map((line) => {
    const row = Object.fromEntries(line.split(',').map((value, i) => [names[i], value]))
    return {
      kind: 'decision',
      decisionId: `compas-${row['id']}`,
      affectedUserId: `defendant-${row['id']}`,
      timestamp: row['compas_screening_date'],
      system: 'compas',
      modelId: 'compas',
      modelVersion: '1',
      prediction: row['score_text'],
      confidence: Number(row['decile_score']) / 10,
      inputFeatures: {
        race: row['race'],
        sex: row['sex'],
        age: Number(row['age']),
        age_cat: row['age_cat'],
        priors_count: Number(row['priors_count']),
        c_charge_degree: row['c_charge_degree'],
      },
    }
  })
  return { name: 'COMPAS', description: '7,214 real risk scores, each about another person', records }
}
