/** Systems that decide against systems that are declared, and what their decisions lack. */
import { isObject } from '@deponent/format'
import { type AssessmentFinding, decisionsIn, recordCommand } from './assessment.ts'
import { byTime, type LifecycleRecord } from './lifecycle-record.ts'
import type { Use } from './model-versions.ts'

/** What a record of a system says when it says no more than that there is one; the server itself records as much of each. */
const NAMING = new Set(['at', 'atAssumed', 'atSource', 'basis', 'classification', 'name', 'slug', 'system'])

/** What is declared of systems: each field as it was stated last. */
export function declaredSystems(
  records: readonly LifecycleRecord[],
): ReadonlyMap<string, LifecycleRecord['record']> {
  const systems = new Map<string, LifecycleRecord['record']>()
  for (const { record, system } of byTime(records))
    if (Object.keys(record).some((field) => !NAMING.has(field)))
      systems.set(system, { ...systems.get(system), ...record })
  return systems
}

/** `uses`: what decided at all. `systems`: those that are declared. */
export function assessSystems(
  uses: readonly Use[],
  systems: ReadonlyMap<string, LifecycleRecord['record']>,
): AssessmentFinding[] {
  const deciding = new Set([...uses.map(({ system }) => system), ...systems.keys()])
  return [...deciding]
    .toSorted()
    .flatMap((system) => systemFindings(system, decisionsOf(uses, system), systems.get(system)))
}

function systemFindings(
  system: string,
  decisions: number,
  declared: LifecycleRecord['record'] | undefined,
): AssessmentFinding[] {
  const about = { severity: 'gap', system, decisions } as const
  const record = (fields: object): string => recordCommand('system.declared', { system, ...fields })
  if (declared === undefined)
    return [
      {
        ...about,
        code: 'system_undeclared',
        message: `${system} decides and nobody has declared it`,
        next: record({
          name: system,
          owner: 'WHO ANSWERS FOR IT',
          riskTier: 'low, medium, high or critical',
        }),
      },
    ]
  return [
    ...(isStated(declared['owner'])
      ? []
      : [
          {
            ...about,
            code: 'system_without_owner' as const,
            message: `nobody is declared to own ${system}`,
            next: record({ owner: 'WHO ANSWERS FOR IT' }),
          },
        ]),
    ...(isStated(declared['riskTier'])
      ? []
      : [
          {
            ...about,
            code: 'system_without_tier' as const,
            message: `no risk tier is declared for ${system}`,
            next: record({ riskTier: 'low, medium, high or critical' }),
          },
        ]),
  ]
}

/** What is covered is stated. */
function isStated(value: LifecycleRecord['record'][string] | undefined): boolean {
  if (isObject(value)) return Object.keys(value).length > 0
  return value !== undefined && value !== null && value !== ''
}

/** What decisions of a system lack of the profile they are measured by. */
export interface ProfileGaps {
  readonly system: string
  readonly profile: string
  readonly decisions: number
  readonly missing: readonly { readonly field: string; readonly count: number }[]
}

const FIELDS_SHOWN = 5

export function missingFields({ decisions, missing, profile, system }: ProfileGaps): AssessmentFinding[] {
  const [first] = missing
  if (first === undefined) return []
  const shown = missing.slice(0, FIELDS_SHOWN).map(({ count, field }) => `${field} (${count})`)
  const others = missing.length > FIELDS_SHOWN ? ` and ${missing.length - FIELDS_SHOWN} more` : ''
  return [
    {
      severity: 'gap',
      code: 'fields_missing',
      system,
      decisions: first.count,
      message: `${system}: of ${decisions} decisions of profile ${profile} some lack ${shown.join(', ')}${others}`,
      next: `send ${missing
        .slice(0, FIELDS_SHOWN)
        .map(({ field }) => field)
        .join(', ')} with decisions of ${system}`,
    },
  ]
}

function decisionsOf(uses: readonly Use[], system: string): number {
  return decisionsIn(uses.filter((use) => use.system === system))
}
