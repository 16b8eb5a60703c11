/** What a run says about decisions, and what its controls say about the program. */
import { canonicalJson, type JsonObject, type JsonValue } from '@deponent/format'
import { type Difference, differencesOf, type Tolerance } from './differences.ts'
import { OUTPUT_FIELDS } from './fields.ts'
import type { ReplayPackage } from './replay-package.ts'
import { type Exchange, modelOf, type Replayed } from './run.ts'

export type ReplayVerdict = 'reproduced' | 'diverged' | 'not_comparable'

/**
 * Why a decision is not comparable:
 * - `missing`: its inputs or its output are not there, or not for this reader.
 * - `no_answer`, `refused`, `incomplete_answer`: the program said nothing, said why it does not, or left out the answer itself.
 * - `echoes_input`: what it gives is what it is given.
 * - `ignores_inputs`: it says the same whatever it is given.
 * - `no_control`: it answered no altered inputs, or there was nothing to alter, so nothing shows that it computes its output.
 */
export type WhyNotComparable =
  | 'missing'
  | 'no_answer'
  | 'refused'
  | 'incomplete_answer'
  | 'echoes_input'
  | 'ignores_inputs'
  | 'no_control'

export interface ReplayedItem {
  readonly id: string
  readonly decisionId?: string
  readonly verdict: ReplayVerdict
  readonly why?: WhyNotComparable
  /** More on why: what is missing, or the program's own words. */
  readonly detail?: string
  readonly differences: readonly Difference[]
  /** Fields of the recorded output that the program did not give. */
  readonly notReplayed: readonly string[]
  /** Where the recorded answer stands among the inputs, word for word, where it does. */
  readonly answerInInputs?: readonly string[]
}

/** What the questions beside the decisions showed of the program. */
export interface Controls {
  readonly asked: number
  readonly answered: number
  /** How many of them were answered otherwise than the decision they were made of. */
  readonly changed: number
}

export interface ReplayReport {
  readonly verdict: ReplayVerdict
  readonly reproduced: number
  readonly diverged: number
  readonly notComparable: number
  readonly controls: Controls
  /** Whether the same question was answered the same, once per model; null where none was answered twice. */
  readonly isSteady: boolean | null
  readonly tolerance: Tolerance
  readonly items: readonly ReplayedItem[]
}

export function reportOf(
  replayed: readonly Replayed[],
  unreplayable: readonly Unreplayable[],
  tolerance: Tolerance,
): ReplayReport {
  const groups = Map.groupBy(replayed, ({ decision }) => modelOf(decision))
  const controls = new Map([...groups].map(([model, group]) => [model, controlsOf(group, tolerance)]))
  const items = [
    ...replayed.map((one) => itemOf(one, controls.get(modelOf(one.decision))!, tolerance)),
    ...unreplayable.map(({ detail, ...decision }) => ({ ...notComparable(decision, 'missing'), detail })),
  ]
  const count = (verdict: ReplayVerdict): number => items.filter((item) => item.verdict === verdict).length
  const diverged = count('diverged')
  const uncompared = count('not_comparable')
  return {
    verdict: diverged > 0 ? 'diverged' : uncompared > 0 ? 'not_comparable' : 'reproduced',
    reproduced: count('reproduced'),
    diverged,
    notComparable: uncompared,
    controls: sumOf([...controls.values()]),
    isSteady: steadinessOf(replayed, tolerance),
    tolerance,
    items,
  }
}

/** A decision that cannot be replayed, in the words of `detail`. */
export interface Unreplayable {
  readonly id: string
  readonly decisionId?: string
  readonly detail: string
}

export function unreplayableOf({ missing, ...decision }: ReplayPackage): Unreplayable {
  const needed = missing.filter(({ isNeeded }) => isNeeded)
  const detail = needed.map(({ path, reason }) => `${path || 'fields'} ${reason}`).join(', ')
  return { ...named(decision), detail }
}

function itemOf(replayed: Replayed, controls: Controls, tolerance: Tolerance): ReplayedItem {
  const { answer, decision } = replayed
  if (answer === undefined) return notComparable(decision, 'no_answer')
  if ('error' in answer) return { ...notComparable(decision, 'refused'), detail: answer.error }
  if (isEcho(replayed)) return notComparable(decision, 'echoes_input')
  const output = comparableOf(answer.output)
  const recorded = decision.output
  if (output[answerField(decision)] === undefined) return notComparable(decision, 'incomplete_answer')
  const fields = Object.keys(recorded)
  const notReplayed = fields.filter((name) => output[name] === undefined)
  const differences = Object.keys(output).flatMap((name) =>
    differencesOf(recorded[name], output[name], tolerance, `/${name}`),
  )
  if (differences.length > 0) return { ...named(decision), verdict: 'diverged', differences, notReplayed }
  if (controls.changed === 0)
    return notComparable(decision, controls.answered === 0 ? 'no_control' : 'ignores_inputs')
  return { ...named(decision), verdict: 'reproduced', differences, notReplayed }
}

/** Where the answer itself stands: a prediction, or messages where nothing was recorded as one. */
function answerField({ output }: ReplayPackage): string {
  return output['prediction'] === undefined ? 'messages' : 'prediction'
}

/** What of an answer is compared; null says no more than an absent field, as in records. */
function comparableOf(output: JsonObject): JsonObject {
  const known: JsonObject = {}
  for (const name of OUTPUT_FIELDS) {
    const value = output[name]
    if (value !== undefined && value !== null) known[name] = value
  }
  return known
}

/** Whether what it gives is what it is given, for this decision and for every control of it that it answers. */
function isEcho({ decision, answer, controls }: Replayed): boolean {
  const exchanges = [{ inputs: decision.inputs, answer }, ...controls]
  return exchanges.every((exchange) => exchange.answer === undefined || givesBack(exchange, decision))
}

function givesBack({ inputs, answer }: Exchange, decision: ReplayPackage): boolean {
  if (answer === undefined || 'error' in answer) return false
  const { output } = answer
  const said = output[answerField(decision)]
  return [inputs, ...Object.values(inputs)].some((given) => isSame(given, said) || isSame(given, output))
}

function isSame(one: JsonValue, other: JsonValue | undefined): boolean {
  return other !== undefined && canonicalJson(one) === canonicalJson(other)
}

function controlsOf(group: readonly Replayed[], tolerance: Tolerance): Controls {
  return sumOf(
    group.map(({ answer, controls }) => ({
      asked: controls.length,
      answered: controls.filter((control) => control.answer && 'output' in control.answer).length,
      changed: controls.filter((control) => isOtherwise(answer, control.answer, tolerance)).length,
    })),
  )
}

function sumOf(all: readonly Controls[]): Controls {
  const sum = { asked: 0, answered: 0, changed: 0 }
  for (const { asked, answered, changed } of all) {
    sum.asked += asked
    sum.answered += answered
    sum.changed += changed
  }
  return sum
}

function isOtherwise(one: Exchange['answer'], other: Exchange['answer'], tolerance: Tolerance): boolean {
  if (!one || !other || 'error' in one || 'error' in other) return false
  return differencesOf(comparableOf(one.output), comparableOf(other.output), tolerance).length > 0
}

function steadinessOf(replayed: readonly Replayed[], tolerance: Tolerance): boolean | null {
  const twice = replayed.filter(({ answer, repetition }) => answer !== undefined && repetition?.answer)
  if (twice.length === 0) return null
  return twice.every(({ answer, repetition }) => !isOtherwise(answer, repetition?.answer, tolerance))
}

function notComparable(decision: Named, why: WhyNotComparable): ReplayedItem {
  return { ...named(decision), verdict: 'not_comparable', why, differences: [], notReplayed: [] }
}

type Named = Pick<ReplayPackage, 'id' | 'decisionId'> & Partial<Pick<ReplayPackage, 'answerInInputs'>>

function named({ answerInInputs = [], id, decisionId }: Named): Named {
  return {
    id,
    ...(decisionId !== undefined && { decisionId }),
    ...(answerInInputs.length > 0 && { answerInInputs }),
  }
}
