/** Replay packages and reports in words. */
import type { JsonValue } from '@deponent/format'
import type { Difference } from '../reproduction/differences.ts'
import type { ReplayPackage } from '../reproduction/replay-package.ts'
import type { ReplayedItem, ReplayReport } from '../reproduction/verdict.ts'

const VALUE_CHARACTERS_MAX = 80
const ITEMS_TOLD = 20

export function packageText(one: ReplayPackage): string {
  const { environment, missing, model, modelEvents } = one
  const needed = missing.filter(({ isNeeded }) => isNeeded)
  return [
    `${one.decisionId ?? one.id} of ${one.system}, ${one.at}, entry ${one.index} of ${one.ledger}`,
    `  model        ${['modelId', 'modelVersion', 'modelChecksum'].map((name) => said(model[name])).join('  ')}`,
    `  inputs       ${namesOf(one.inputs)}`,
    `  parameters   ${namesOf(one.parameters)}`,
    `  output       ${namesOf(one.output)}`,
    `  environment  ${environment ? `${environment.digest}, entry ${environment.index}` : 'none'}`,
    `  model events ${modelEvents.map(({ kind }) => kind).join(', ') || 'none'}`,
    ...missing.map(
      ({ path, reason, isNeeded }) =>
        `  missing      ${path || 'fields'}: ${reason}${isNeeded ? ', needed' : ''}`,
    ),
    ...one.answerInInputs.map(
      (path) => `  caution      the recorded answer stands among the inputs: ${path}`,
    ),
    needed.length === 0
      ? '  replay it with --run COMMAND'
      : '  a replay cannot be compared: what is needed is missing',
  ].join('\n')
}

export function reportText(report: ReplayReport): string {
  const { controls, diverged, isSteady, items, notComparable, reproduced, verdict } = report
  const told = items.filter((item) => item.verdict !== 'reproduced')
  const given = items.filter(({ answerInInputs }) => answerInInputs !== undefined).length
  return [
    `${verdict}: ${reproduced} reproduced, ${diverged} diverged, ${notComparable} not comparable`,
    `controls: ${controls.changed} of ${controls.asked} altered inputs gave another output, ${controls.asked - controls.answered} none`,
    ...(isSteady === false ? ['the program answered the same inputs differently when asked again'] : []),
    ...(given > 0 ? [`in ${given} the recorded answer stands among the inputs, word for word`] : []),
    ...told.slice(0, ITEMS_TOLD).flatMap(itemLines),
    ...(told.length > ITEMS_TOLD ? [`and ${told.length - ITEMS_TOLD} more; --json for all`] : []),
  ].join('\n')
}

function itemLines({ decisionId, detail, differences, id, verdict, why }: ReplayedItem): string[] {
  const reason = [why, detail].filter((words) => words !== undefined).join(': ')
  return [
    `${decisionId ?? id} ${verdict}${reason === '' ? '' : ` (${reason})`}`,
    ...differences.map(differenceLine),
  ]
}

function differenceLine({ path, recorded, replayed }: Difference): string {
  return `  ${path}: recorded ${said(recorded)}, replayed ${said(replayed)}`
}

function said(value: JsonValue | undefined): string {
  if (value === undefined) return '-'
  const text = JSON.stringify(value)
  return text.length > VALUE_CHARACTERS_MAX ? `${text.slice(0, VALUE_CHARACTERS_MAX)}…` : text
}

function namesOf(part: object): string {
  return Object.keys(part).join(', ') || 'none'
}
