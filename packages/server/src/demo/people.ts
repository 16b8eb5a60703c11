import { Chance } from './chance.ts'

export type Employment = 'salaried' | 'self_employed' | 'pensioner' | 'student'
export type Housing = 'rent' | 'own' | 'family'

/** Somebody the company decides about: the same in every record, for the same seed. */
export interface Person {
  id: string
  firstName: string
  sex: 'female' | 'male'
  ageBand: '18-24' | '25-34' | '35-49' | '50-64' | '65+'
  region: string
  employment: Employment
  housing: Housing
  /** EUR after tax, in steps of 50. */
  monthlyIncome: number
  /** Some or all of it is a salary, however small a job beside a pension or studies may be. */
  onPayroll: boolean
  bankTenureMonths: number
  missedPayments24m: number
  openCreditLines: number
  /** EUR a month already owed, in steps of 10. */
  existingInstalments: number
  /** What no feature shows: shifts the log-odds of paying back. */
  reliability: number
}

/** The whole population; an id is a number below it. */
export const POPULATION = 9_000

const femaleNames = [
  'Aylin',
  'Birgit',
  'Chiara',
  'Dunja',
  'Edda',
  'Fatima',
  'Greta',
  'Hanna',
  'Ines',
  'Jelena',
] as const
const maleNames = [
  'Anton',
  'Bilal',
  'Cem',
  'Dario',
  'Emil',
  'Falk',
  'Goran',
  'Henrik',
  'Ivo',
  'Jonas',
] as const
const regions = ['DE-BE', 'DE-HH', 'DE-BY', 'DE-NW', 'DE-SN', 'DE-HE', 'DE-NI', 'DE-BW'] as const

const employmentByAge: Record<Person['ageBand'], Record<Employment, number>> = {
  '18-24': { salaried: 55, self_employed: 4, pensioner: 0, student: 41 },
  '25-34': { salaried: 78, self_employed: 13, pensioner: 0, student: 9 },
  '35-49': { salaried: 80, self_employed: 19, pensioner: 1, student: 0 },
  '50-64': { salaried: 75, self_employed: 19, pensioner: 6, student: 0 },
  '65+': { salaried: 4, self_employed: 6, pensioner: 90, student: 0 },
}
const medianIncome: Record<Employment, number> = {
  salaried: 2750,
  self_employed: 2900,
  pensioner: 2050,
  student: 1150,
}

export function personOf(seed: string, number: number): Person {
  const chance = new Chance(`${seed}/person/${number}`)
  const sex = chance.happens(0.5) ? 'female' : 'male'
  const ageBand = chance.weighted({ '18-24': 12, '25-34': 26, '35-49': 29, '50-64': 20, '65+': 13 })
  const employment = chance.weighted(employmentByAge[ageBand])
  const monthlyIncome = stepped(chance.around(medianIncome[employment], 0.33), 50, 700, 9_500)
  return {
    id: `person-${String(number).padStart(5, '0')}`,
    firstName: chance.pick(sex === 'female' ? femaleNames : maleNames),
    sex,
    ageBand,
    region: chance.pick(regions),
    employment,
    housing: housingOf(chance, ageBand),
    monthlyIncome,
    onPayroll: employment === 'salaried' || chance.happens(0.09),
    bankTenureMonths: Math.min(Math.round(chance.gap(ageBand === '65+' ? 150 : 70)), 360),
    missedPayments24m: chance.happens(0.72) ? 0 : Math.min(1 + Math.floor(chance.gap(1.2)), 9),
    openCreditLines: Math.min(Math.floor(chance.gap(2)), 9),
    existingInstalments: stepped(chance.gap(0.09) * monthlyIncome, 10, 0, 1_500),
    reliability: 0.5 * chance.normal(),
  }
}

function housingOf(chance: Chance, ageBand: Person['ageBand']): Housing {
  if (ageBand === '18-24') return chance.weighted({ rent: 45, own: 2, family: 53 })
  return ageBand === '65+'
    ? chance.weighted({ rent: 42, own: 55, family: 3 })
    : chance.weighted({ rent: 60, own: 36, family: 4 })
}

/** The person an id of ours belongs to. */
export function personById(seed: string, id: string): Person {
  return personOf(seed, Number(id.slice('person-'.length)))
}

/** `value` in whole steps, within bounds. */
export function stepped(value: number, step: number, from: number, to: number): number {
  return Math.min(Math.max(Math.round(value / step) * step, from), to)
}
