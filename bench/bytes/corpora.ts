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

export function corpora(count: number): Corpus[] {
  return [loans(count), numbered(count), nobody(count), conversations(count), demo(count), compas()]
}

function loans(count: number): Corpus {
  const records = decisionsOf({ seed: 1, count, newSubjects: 0.2 }).map((one) => ({
    kind: 'decision',
    ...one,
  }))
  return { name: '1 KB, with a person', description: 'the loan decisions of decisions.ts', records }
}

/** The same, numbered and chained by whoever sends them. */
function numbered(count: number): Corpus {
  const chance = new Chance('blinds')
  const blind = (): string =>
    Array.from({ length: 8 }, () =>
      chance
        .integer(0, 2 ** 32 - 1)
        .toString(16)
        .padStart(8, '0'),
    ).join('')
  const records = loans(count).records.map((one, n) => ({
    ...one,
    emitter: { id: 'loans-1', epoch: 1, seq: n + 1, blind: blind() },
  }))
  return { name: 'the same, numbered', description: 'the loan decisions with an emitter', records }
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

/** What the columns of a COMPAS row are for a decision, and the outcome that is known of it. */
type Score = Record<'id' | 'day' | 'race' | 'sex' | 'ageGroup' | 'charge' | 'score', string> &
  Record<'age' | 'decile' | 'priors' | 'felonies' | 'misdemeanours' | 'others' | 'again', number>

/** Scores of the data set where it is at hand, and scores drawn at random in its shape elsewhere: each about another person. */
function compas(): Corpus {
  const isReal = existsSync(COMPAS)
  const scores = isReal ? realScores() : drawnScores()
  const records = scores.flatMap((score) => [decisionOf(score), outcomeOf(score)])
  return {
    name: isReal ? 'COMPAS' : 'in the shape of COMPAS',
    description: `${scores.length} risk scores and what became of each`,
    records,
  }
}

function realScores(): Score[] {
  const [head = '', ...lines] = readFileSync(COMPAS, 'utf8').trim().split('\n')
  const names = head.split(',')
  return lines.map((line) => {
    const values = line.split(',')
    const text = (name: string): string => values[names.indexOf(name)] ?? ''
    const number = (name: string): number => Number(text(name))
    return {
      id: text('id'),
      day: text('compas_screening_date'),
      race: text('race'),
      sex: text('sex'),
      ageGroup: text('age_cat'),
      charge: text('c_charge_degree'),
      score: text('score_text') === 'Low' ? 'low' : 'high',
      age: number('age'),
      decile: number('decile_score'),
      priors: number('priors_count'),
      felonies: number('juv_fel_count'),
      misdemeanours: number('juv_misd_count'),
      others: number('juv_other_count'),
      again: number('two_year_recid'),
    }
  })
}

const SCORES = 7_214
/** The days of the data set, 2013-01-01 and two years. */
const [FIRST_SCORE_MS, SCORE_DAYS] = [Date.UTC(2013, 0, 1), 730]

function drawnScores(): Score[] {
  const chance = new Chance('scores')
  return Array.from({ length: SCORES }, (_, n) => {
    const [age, decile] = [chance.integer(18, 80), chance.integer(1, 10)]
    return {
      id: String(n + 1),
      day: new Date(FIRST_SCORE_MS + chance.integer(0, SCORE_DAYS) * 86_400_000).toISOString().slice(0, 10),
      race: ['African-American', 'Caucasian', 'Hispanic', 'Other'][chance.integer(0, 3)]!,
      sex: chance.integer(0, 4) === 0 ? 'Female' : 'Male',
      ageGroup: age < 25 ? 'Less than 25' : age > 45 ? 'Greater than 45' : '25 - 45',
      charge: chance.integer(0, 2) === 0 ? 'M' : 'F',
      score: decile < 5 ? 'low' : 'high',
      age,
      decile,
      priors: chance.integer(0, 12),
      felonies: 0,
      misdemeanours: chance.integer(0, 1),
      others: chance.integer(0, 1),
      again: chance.integer(0, 1),
    }
  })
}

function decisionOf(score: Score): Corpus['records'][number] & Record<string, unknown> {
  return {
    kind: 'decision',
    decisionId: `compas-${score.id}`,
    affectedUserId: `defendant-${score.id}`,
    timestamp: score.day,
    system: 'compas',
    modelId: 'compas',
    modelVersion: '1',
    modelType: 'classification',
    riskTier: 'high',
    consequenceLevel: 'significant',
    prediction: score.score,
    confidence: score.decile / 10,
    inputFeatures: {
      race: score.race,
      sex: score.sex,
      age: score.age,
      age_cat: score.ageGroup,
      priors_count: score.priors,
      juv_fel_count: score.felonies,
      juv_misd_count: score.misdemeanours,
      juv_other_count: score.others,
      c_charge_degree: score.charge,
    },
  }
}

function outcomeOf({ again, id }: Score): Corpus['records'][number] & Record<string, unknown> {
  return { kind: 'outcome', system: 'compas', decisionId: `compas-${id}`, outcome: again }
}
