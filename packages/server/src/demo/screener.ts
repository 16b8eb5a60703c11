import { iso } from './calendar.ts'
import { Chance } from './chance.ts'
import { STAFF, SYSTEMS } from './company.ts'
import type { DemoRecord } from './demo-record.ts'
import { personOf } from './people.ts'
import { round4 } from './scorer-model.ts'

type Fields = DemoRecord['record']

/** Job applicants are people too; their numbers start here. */
const FIRST_CANDIDATE = 10_000

const skillsByRole = {
  'loan officer': ['credit analysis', 'german', 'customer care', 'excel', 'negotiation'],
  'data engineer': ['sql', 'python', 'airflow', 'kafka', 'cloud', 'testing'],
  'risk analyst': ['statistics', 'sql', 'credit analysis', 'python', 'reporting'],
  'call centre agent': ['customer care', 'german', 'typing', 'calm under pressure'],
  'compliance officer': ['law', 'reporting', 'negotiation', 'german', 'auditing'],
}
type Role = keyof typeof skillsByRole

interface Candidate {
  id: string
  role: Role
  yearsExperience: number
  careerGapMonths: number
  matchedSkills: string[]
  referral: boolean
}

/**
 * One CV put before the bought-in screener. Its connector is sloppy: old spellings, a clock without a zone, no
 * explanation, no legal basis, now and then neither confidence nor version. Its records are kept all the same, and
 * their completeness says what is missing.
 *
 * @param candidates how many people have applied so far
 */
export function cvScreening(seed: string, chance: Chance, at: number, candidates: number): DemoRecord[] {
  const candidate = candidateOf(seed, chance.integer(0, candidates - 1))
  const record = { ...envelope(chance, candidate, at), ...judgement(chance, candidate) }
  return [{ at, kind: 'decision', record }]
}

function candidateOf(seed: string, number: number): Candidate {
  const person = personOf(seed, FIRST_CANDIDATE + number)
  const chance = new Chance(`${seed}/candidate/${number}`)
  const role = chance.weighted({
    'loan officer': 24,
    'data engineer': 14,
    'risk analyst': 16,
    'call centre agent': 38,
    'compliance officer': 8,
  })
  const aptitude = chance.between(0.25, 1)
  const raisesChildren = person.sex === 'female' && (person.ageBand === '25-34' || person.ageBand === '35-49')
  return {
    id: person.id,
    role,
    yearsExperience: Math.min(Math.round(chance.gap(person.ageBand === '18-24' ? 1.5 : 8)), 40),
    careerGapMonths: chance.happens(raisesChildren ? 0.4 : 0.15) ? chance.integer(3, 36) : 0,
    matchedSkills: skillsByRole[role].filter(() => chance.happens(aptitude)),
    referral: chance.happens(0.11),
  }
}

function envelope(chance: Chance, candidate: Candidate, at: number): Fields {
  const version: Fields = chance.happens(0.06) ? {} : { version: '2.3' }
  return {
    audit_id: chance.uuid(at),
    timestamp: iso(at).slice(0, 19),
    system: SYSTEMS.screener,
    environment: 'production',
    affected_user_id: candidate.id,
    context: { user_id: chance.pick(STAFF.recruiters), session_id: `ats-${chance.hex(8)}` },
    model: { id: 'talent-match', ...version, type: 'classification' },
    provider: 'Quillmark Hiring',
    risk_tier: 'high',
    consequence_level: 'significant',
    decision_category: 'recruitment',
    input_features: {
      role: candidate.role,
      years_experience: candidate.yearsExperience,
      skills_required: skillsByRole[candidate.role].length,
      skills_matched: candidate.matchedSkills.length,
      career_gap_months: candidate.careerGapMonths,
      referral: candidate.referral,
      document_ref: `cv-${chance.hex(12)}`,
    },
    input_data: { skills: candidate.matchedSkills, role: candidate.role },
    vendor_trace: chance.hex(24),
  }
}

function judgement(chance: Chance, candidate: Candidate): Fields {
  if (chance.happens(0.012)) {
    return {
      status: 'timeout',
      error: { type: 'Timeout', message: 'talent-match gave no answer within 30 s' },
    }
  }
  const fit = fitOf(candidate)
  const prediction = fit >= 0.6 ? 'shortlist' : fit >= 0.4 ? 'hold' : 'reject'
  return {
    output: { result: prediction, ...(chance.happens(0.3) ? {} : { confidence: fit }) },
    processing_time_ms: Math.round(chance.around(420, 0.5)),
    ...humanWord(chance, prediction),
  }
}

/** What the vendor's matcher does, as far as anybody was told: skills and years count, gaps count against. */
function fitOf(candidate: Candidate): number {
  const { role, matchedSkills, yearsExperience, careerGapMonths, referral } = candidate
  const skills = matchedSkills.length / skillsByRole[role].length
  const logOdds = -2.6 + 3.9 * skills + 0.06 * Math.min(yearsExperience, 15) - 0.045 * careerGapMonths
  return round4(1 / (1 + Math.exp(-(logOdds + (referral ? 0.5 : 0)))))
}

/** Recruiters tick a box in the vendor's form; that is all the trail there is of their part. */
function humanWord(chance: Chance, prediction: string): Fields {
  if (!chance.happens(0.22)) return {}
  if (prediction === 'shortlist' || !chance.happens(0.18)) return { human_reviewed: true, overridden: false }
  return { human_reviewed: true, overridden: true, human_decision: 'shortlist' }
}
