/** The fields of a system's records: what becomes of each now, and why. Names and numbers only. */
import { escapeToken, tokensOf } from '@deponent/format'
import { leftOut } from '../vault/classify/capture.ts'
import { verdictOfName } from '../vault/classify/known-fields.ts'
import { FieldRules } from '../vault/classify/field-rules.ts'
import type { MetClass, MetField } from '../vault/classify/fields-met.ts'
import { type ClassificationPolicy, KEPT_FIELDS, type Treatment } from '../vault/classify/policy.ts'

export interface ListedField {
  /** JSON pointer in a record; `*` stands for any place in a list, and for names that are not shown. */
  readonly pointer: string
  readonly class: MetClass
  /** declared, name, strict, capture, default, `too many values`, or `detector NAME` where every value met was found by it. */
  readonly why: string
  /** Values met since counting began. */
  readonly met: number
  /** How often each detector found something. */
  readonly detected: Readonly<Record<string, number>>
}

/** An input feature as the index knows it. */
export interface IndexedFeature {
  readonly name: string
  readonly sealed: boolean
}

const FEATURES = '/inputFeatures/'

const CLASS_OF: Readonly<Record<Treatment, MetClass>> = {
  queryable: 'queryable',
  seal: 'sealed',
  pseudonymise: 'pseudonymised',
  drop: 'dropped',
}

/** Every field met, by pointer. */
export function fieldList(
  policy: ClassificationPolicy,
  system: string,
  met: readonly MetField[],
  features: readonly IndexedFeature[],
): ListedField[] {
  const pointers = new Set([
    ...met.map(({ pointer }) => pointer),
    ...features.map(({ name }) => `${FEATURES}${escapeToken(name)}`),
  ])
  const tooMany = new Set(
    features.flatMap(({ name, sealed }) => (sealed ? [`${FEATURES}${escapeToken(name)}`] : [])),
  )
  const judge = judgeOf(policy, system, tooMany)
  return [...pointers].toSorted().map((pointer) =>
    judge(
      pointer,
      met.filter((field) => field.pointer === pointer),
    ),
  )
}

function judgeOf(
  policy: ClassificationPolicy,
  system: string,
  tooMany: ReadonlySet<string>,
): (pointer: string, met: readonly MetField[]) => ListedField {
  const declared = Object.hasOwn(policy.systems, system) ? policy.systems[system]! : { fields: {} }
  const rules = new FieldRules(declared, policy.mode)
  const left = leftOut('decision', policy)
  return (pointer, met) => {
    const detected = detectedIn(met)
    const count = met.reduce((sum, field) => sum + field.count, 0)
    return {
      pointer,
      ...classOf(pointer, { rules, policy, left, tooMany }, detected, count),
      met: count,
      detected,
    }
  }
}

interface Ground {
  readonly rules: FieldRules
  readonly policy: ClassificationPolicy
  readonly left: ReadonlySet<string>
  readonly tooMany: ReadonlySet<string>
}

function classOf(
  pointer: string,
  { rules, policy, left, tooMany }: Ground,
  detected: Readonly<Record<string, number>>,
  count: number,
): Pick<ListedField, 'class' | 'why'> {
  const tokens = tokensOf(pointer)
  const [top = ''] = tokens
  const name = tokens.at(-1) ?? ''
  if (left.has(top)) return { class: 'dropped', why: 'capture' }
  const declared = rules.of(pointer, name)
  if (declared !== undefined) return { class: declaredClass(declared, top), why: 'declared' }
  const found = policy.hashSensitiveData && top !== 'decisionId' ? 'pseudonymised' : 'sealed'
  const isNamed = pointer.startsWith(FEATURES) && (name === '*' || saysSo(name))
  if (rules.mode === 'strict' && !(policy.hashSensitiveData && isNamed))
    return { class: 'sealed', why: 'strict' }
  if (isNamed) return { class: found, why: 'name' }
  if (tooMany.has(pointer)) return { class: 'sealed', why: 'too many values' }
  const [only, ...others] = Object.keys(detected)
  if (only !== undefined && others.length === 0 && detected[only] === count)
    return { class: found, why: `detector ${only}` }
  return { class: 'queryable', why: 'default' }
}

function declaredClass(declared: Treatment, top: string): MetClass {
  const isChange = declared === 'drop' || declared === 'pseudonymise'
  return isChange && KEPT_FIELDS.has(top) ? 'sealed' : CLASS_OF[declared]
}

function saysSo(name: string): boolean {
  const { says, holds } = verdictOfName(name)
  return holds || says !== 'nothing'
}

const NO_DETECTOR: ReadonlySet<string> = new Set(['declared', 'name', 'strict', 'capture', 'default'])

function detectedIn(met: readonly MetField[]): Record<string, number> {
  const detected = new Map<string, number>()
  for (const { why, count } of met)
    if (!NO_DETECTOR.has(why)) detected.set(why, (detected.get(why) ?? 0) + count)
  return Object.fromEntries(detected)
}
