/** What telemetry shows against what is declared. */
import { assessModel, notInForce, usesToCount, type UseToCount } from '../../lineage/assess-models.ts'
import { assessSystems, declaredSystems, missingFields } from '../../lineage/assess-systems.ts'
import type { AssessmentFinding } from '../../lineage/assessment.ts'
import type { Restriction } from '../../projection/index.ts'
import { type Call, type Handler, json } from '../call.ts'
import { lifecycleOf, modelsKnown } from '../lifecycle.ts'
import { queryAs } from '../query-as.ts'
import { restrictionOf, withLeftOut } from '../restriction.ts'
import { noQuery } from '../routes/models.ts'

/** Systems whose missing fields are looked at, and versions whose decisions are counted against their deployments. */
const LOOKED_AT_MAX = 200

export const assess: Handler = async (call) => {
  queryAs(call.query, noQuery)
  const restriction = restrictionOf(call)
  const { isCut, uses, ...answer } = await call.services.projection.modelUse(undefined, restriction)
  const declared = await lifecycleOf(call, ['system.declared', 'system.changed'], restriction)
  const { isWhole, models } = await modelsKnown(call, restriction, uses)
  const systems = [...new Set(uses.map(({ system }) => system))]
  const toCount = models.flatMap(usesToCount)
  const now = call.services.clock.now()
  const seesDeclarations = isWhole && declared.isWhole
  const seesUses =
    seesDeclarations &&
    !isCut &&
    answer.suppressed === undefined &&
    answer.archived === undefined &&
    restriction.except === undefined
  const findings = [
    ...assessSystems(uses, declaredSystems(declared.records)),
    ...models
      .flatMap((model) => assessModel(model, now))
      .filter(({ code }) => seesUses || code !== 'version_unused'),
    ...(await outsideOf(call, toCount.slice(0, LOOKED_AT_MAX), restriction)),
    ...(await gapsOf(call, systems.slice(0, LOOKED_AT_MAX), restriction)),
  ]
  const isAll =
    seesDeclarations &&
    !isCut &&
    answer.suppressed === undefined &&
    Math.max(systems.length, toCount.length) <= LOOKED_AT_MAX
  call.look.count = findings.length
  return json(
    withLeftOut(
      {
        verdict: seesDeclarations ? verdictOf(findings, isAll) : 'incomplete',
        findings,
        checked: {
          systems: systems.length,
          models: models.length,
          versions: models.reduce((sum, { versions }) => sum + versions.length, 0),
          decisions: uses.reduce((sum, { decisions }) => sum + decisions, 0),
        },
        isWhole: isAll,
        ...answer,
      },
      restriction,
    ),
  )
}

function verdictOf(
  findings: readonly AssessmentFinding[],
  isAll: boolean,
): 'gaps' | 'in_order' | 'incomplete' {
  if (findings.some(({ severity }) => severity === 'gap')) return 'gaps'
  return isAll ? 'in_order' : 'incomplete'
}

/** Decisions of versions that were not in force when they were made. */
async function outsideOf(
  { services }: Call,
  uses: readonly UseToCount[],
  restriction: Restriction,
): Promise<AssessmentFinding[]> {
  const findings: AssessmentFinding[] = []
  for (const counted of uses) {
    const outside = await services.projection.decisionsOutside(counted.use, counted.periods, restriction)
    if (outside !== 0) findings.push(notInForce(counted, outside))
  }
  return findings
}

async function gapsOf(
  { services }: Call,
  systems: readonly string[],
  restriction: Restriction,
): Promise<AssessmentFinding[]> {
  const findings: AssessmentFinding[] = []
  for (const system of systems) {
    const { profiles } = await services.projection.statsCompleteness([['system', system]], restriction)
    findings.push(...profiles.flatMap((profile) => missingFields({ system, ...profile })))
  }
  return findings
}
