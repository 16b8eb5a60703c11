import { describe, expect, test } from 'vitest'
import {
  deploymentsOf,
  inForceAt,
  recordedBy,
  servesIn,
} from '../../packages/server/src/lineage/deployments.ts'
import { event } from './events.ts'

const inForce = (records: ReturnType<typeof event>[], at: number): string[] =>
  inForceAt(deploymentsOf(records), at).map(
    ({ environment, modelVersion, system }) => `${system} ${environment} ${modelVersion}`,
  )

describe('the version in force', () => {
  const first = event(10, 'deployed', { modelVersion: '1' })
  const second = event(20, 'deployed', { modelVersion: '2' })

  test('is the one deployed last, from that moment on, in production where nothing else is said', () => {
    expect([9, 10, 19, 20].map((at) => inForce([second, first], at))).toEqual([
      [],
      ['credit production 1'],
      ['credit production 1'],
      ['credit production 2'],
    ])
  })

  test('is another in each environment and each system', () => {
    const records = [
      first,
      event(11, 'deployed', { modelVersion: '2', environment: 'staging' }),
      event(12, 'deployed', { modelVersion: '3' }, { system: 'cards' }),
    ]
    expect(inForce(records, 30)).toEqual(['credit production 1', 'credit staging 2', 'cards production 3'])
  })

  test.each([
    ['names the version after it', { modelVersion: '1' }],
    ['names the versions after and before it', { modelVersion: '1', previousVersion: '2' }],
    ['names the version that was rolled back', { modelVersion: '2' }],
    [
      'names the version that was rolled back, and the one to go back to',
      { modelVersion: '2', previousVersion: '1' },
    ],
    ['names none', {}],
  ])('after a rollback that %s is the one before', (_, fields) => {
    expect(inForce([first, second, event(30, 'rollback', fields)], 30)).toEqual(['credit production 1'])
    expect(inForce([first, second, event(30, 'rollback', fields)], 29)).toEqual(['credit production 2'])
  })

  test('after a rollback of the only one is none', () => {
    expect(inForce([first, event(30, 'rollback', { modelVersion: '1' })], 30)).toEqual([])
  })

  test('ends with its retirement or recall, everywhere or in the environment named, and not with its deprecation', () => {
    const staged = event(11, 'deployed', { modelVersion: '1', environment: 'staging' })
    expect(inForce([first, staged, event(30, 'retired', { modelVersion: '1' })], 30)).toEqual([])
    expect(
      inForce([first, staged, event(30, 'recall', { modelVersion: '1', environment: 'staging' })], 30),
    ).toEqual(['credit production 1'])
    expect(inForce([first, event(30, 'retired', { modelVersion: '2' })], 30)).toEqual(['credit production 1'])
    expect(inForce([first, event(30, 'deprecated', { modelVersion: '1' })], 30)).toEqual([
      'credit production 1',
    ])
  })

  test('as recorded is by what the ledger had then, and late records change only what is known now', () => {
    const late = event(20, 'deployed', { modelVersion: '2' }, { receivedAt: 90 })
    const records = [first, late]
    expect(inForce(recordedBy(records, 25), 25)).toEqual(['credit production 1'])
    expect(inForce(records, 25)).toEqual(['credit production 2'])
    expect(inForce(recordedBy(records, 90), 90)).toEqual(['credit production 2'])
  })

  test('said without a system is said of every system', () => {
    const records = [first, event(20, 'deployed', { modelVersion: '2' }, { system: 'default' })]
    const [before, after] = deploymentsOf(records)
    expect(before).toMatchObject({ modelVersion: '1', to: 20, endedBy: records[1]!.id })
    expect(servesIn(after!, 'cards', 'production')).toBe(true)
    expect(servesIn(before!, 'cards', 'production')).toBe(false)
  })
})

describe('who authorised a deployment', () => {
  test('is said by the deployment itself, or else by the last approval of the version before it', () => {
    const records = [
      event(1, 'deployment_approved', { modelVersion: '1', actor: 'ada' }),
      event(2, 'deployment_approved', { modelVersion: '1', actor: 'ada', approver: 'grace' }),
      event(3, 'deployed', { modelVersion: '1', actor: 'ops' }),
      event(4, 'deployed', { modelVersion: '1', actor: 'ops', approver: 'hopper' }),
      event(5, 'deployed', { modelVersion: '2', actor: 'ops' }),
    ]
    expect(
      deploymentsOf(records).map(({ authorisedBy, authorisedIn, deployedBy }) => [
        deployedBy,
        authorisedBy,
        authorisedIn,
      ]),
    ).toEqual([
      ['ops', 'grace', records[1]!.id],
      ['ops', 'hopper', records[3]!.id],
      ['ops', undefined, undefined],
    ])
  })

  test('is not said by an approval for another environment', () => {
    const staging = event(1, 'deployment_approved', {
      modelVersion: '1',
      approver: 'grace',
      environment: 'staging',
    })
    const production = event(3, 'deployed', { modelVersion: '1' })
    const staged = event(2, 'deployed', { modelVersion: '1', environment: 'staging' })
    const authorised = (...records: ReturnType<typeof event>[]): unknown[] =>
      deploymentsOf(records).map(({ authorisedBy }) => authorisedBy)
    expect(authorised(staging, staged, production)).toEqual(['grace', undefined])
    const anywhere = event(0, 'deployment_approved', { modelVersion: '1', approver: 'hopper' })
    expect(authorised(anywhere, staging, staged, production)).toEqual(['grace', 'hopper'])
  })
})
