import { DAY_MS, HOUR_MS } from './calendar.ts'
import { COMPANY, STAFF, SYSTEMS } from './company.ts'
import { type DemoRecord, recordAt } from './demo-record.ts'
import type { Story } from './story.ts'

type Fields = DemoRecord['record']

/** Where the scorer's data come from: two sources of the company, and the payroll feed that broke a release. */
export function datasets(story: Story): DemoRecord[] {
  const spring = story.begins - 48 * DAY_MS
  const summer = story.begins + 37 * DAY_MS
  const autumn = story.broken.deployedAt - 19 * DAY_MS
  const recent = 'few loans to people above 75'
  return [
    ...sources(spring, '1'),
    ...loans({ version: '6', madeAt: spring + 3 * DAY_MS, gaps: recent, from: sourcesOf('1') }),
    ...sources(summer, '2'),
    ...loans({ version: '7', madeAt: summer + 3 * DAY_MS, gaps: recent, from: sourcesOf('2') }),
    payrollFeed(autumn),
    ...loans({
      version: '8',
      madeAt: autumn + 3 * DAY_MS,
      gaps: 'income from payroll only; pensions and own businesses unseen',
      from: [...sourcesOf('2'), { datasetId: 'payroll-feed', version: '1' }],
    }),
  ]
}

function sourcesOf(version: string): Fields[] {
  return ['loan-accounts', 'application-forms'].map((datasetId) => ({ datasetId, version }))
}

function sources(at: number, version: string): DemoRecord[] {
  const source = (datasetId: string, name: string, originalPurpose: string) =>
    recordAt(at, 'dataset.registered', {
      system: SYSTEMS.scorer,
      datasetId,
      version,
      name,
      origin: { source: 'core banking', collectedBy: COMPANY },
      originalPurpose,
      specialCategories: 'none',
      actor: STAFF.engineer,
    })
  return [
    source('loan-accounts', 'Accounts of loans and their payments', 'managing loans'),
    source('application-forms', 'What applicants said of themselves', 'deciding about applications'),
  ]
}

function payrollFeed(at: number): DemoRecord {
  return recordAt(at, 'dataset.registered', {
    system: SYSTEMS.scorer,
    datasetId: 'payroll-feed',
    version: '1',
    name: 'Salaries as employers report them',
    origin: { source: 'payroll agencies', collectedBy: 'Paylink' },
    originalPurpose: 'proof of income',
    actor: STAFF.engineer,
  })
}

interface Loans {
  version: string
  madeAt: number
  gaps: string
  from: Fields[]
}

/** The training data: made of the sources, then looked at and registered. */
function loans({ version, madeAt, gaps, from }: Loans): DemoRecord[] {
  const dataset = { system: SYSTEMS.scorer, datasetId: 'repaid-loans', version, actor: STAFF.scientist }
  return [
    recordAt(madeAt - 5 * HOUR_MS, 'dataset.transformed', {
      ...dataset,
      inputs: from,
      transformation: [
        'joined by loan',
        'incomes above 9,500 EUR capped',
        'loans younger than 90 days removed',
      ],
      script: 'data/repaid_loans.py',
    }),
    recordAt(madeAt, 'dataset.registered', {
      ...dataset,
      name: 'Loans granted and how they ended',
      origin: { source: 'loan-accounts', collectedBy: COMPANY },
      originalPurpose: 'managing loans',
      specialCategories: 'none',
      preparationSteps: [
        'one row per loan',
        'incomes above 9,500 EUR capped',
        'loans younger than 90 days removed',
      ],
      assumptions: 'people who were declined would have behaved like similar people who were not',
      biasExamination: 'approval and default rates by sex and age band',
      gaps,
      splits: { train: 0.7, validation: 0.15, test: 0.15 },
    }),
  ]
}
