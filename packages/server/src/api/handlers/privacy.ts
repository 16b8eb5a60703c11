/** What is kept of records, and what becomes of their fields: shown, tried out, changed. */
import {
  canonicalJson,
  CLASSIFICATION,
  classificationOf,
  type JsonValue,
  normalizeRecord,
  readJson,
} from '@deponent/format'
import { fieldList, type ListedField } from '../../privacy/field-list.ts'
import { type PrivacySettings, settingsOf } from '../../privacy/privacy-settings.ts'
import { Classifier } from '../../vault/classify/classifier.ts'
import type { MetField } from '../../vault/classify/fields-met.ts'
import { bodyAs } from '../body.ts'
import { type Call, type Handler, json } from '../call.ts'
import { Problem } from '../problem.ts'
import { previewRequest, privacyRequest } from '../routes/privacy.ts'

export const getPrivacy: Handler = (call) => json(told(call))

export const putPrivacy: Handler = async (call) => {
  const { caller, request, services } = call
  const { reason, ...settings } = await bodyAs(request, privacyRequest)
  await services.privacy.change(settingsOf(settings), reason, caller.actor('privacy'))
  services.projection.rulesChanged()
  return json(told(call))
}

export const getFields: Handler = async (call) => {
  const system = systemIn(call)
  const { settings } = call.services.privacy
  const { mode, version } = settings
  const items = listOf(call, system, settings, await call.services.tenant.fieldsMet(system))
  return json({ system, mode: settings.systems[system]?.mode ?? mode, version, items })
}

export const previewFields: Handler = async (call) => {
  const system = systemIn(call)
  const { record, fields, mode, ...switches } = await bodyAs(call.request, previewRequest)
  const { settings } = call.services.privacy
  const own = Object.hasOwn(settings.systems, system) ? settings.systems[system]! : { fields: {} }
  const given = Object.fromEntries(Object.entries(switches).filter(([, value]) => value !== undefined))
  const declared = { ...own, ...(mode !== undefined && { mode }), fields: fields ?? own.fields }
  const proposed: PrivacySettings = {
    ...settings,
    ...given,
    version: settings.version + 1,
    systems: { ...settings.systems, [system]: declared },
  }
  const met = await call.services.tenant.fieldsMet(system)
  return json({
    system,
    changes: changesBetween(listOf(call, system, settings, met), listOf(call, system, proposed, met)),
    sample: record === undefined ? null : sampleOf(record, system, proposed),
  })
}

/** The system of the address; what the caller's permit does not reach is not there. */
function systemIn({ params, permit, services }: Call): string {
  const system = params.system ?? ''
  if (!permit.reachesSystem(system) || services.tenant.systems.slugOf(system) === undefined)
    throw new Problem(404, 'not_found', 'no system of this name has recorded anything')
  return system
}

/** Of systems the caller does not reach not even the names of their fields are told. */
function told({ permit, services }: Call): object {
  const { privacy, projection } = services
  const systems = Object.entries(privacy.settings.systems).filter(([name]) => permit.reachesSystem(name))
  return {
    ...privacy.settings,
    systems: Object.fromEntries(systems),
    indexFollows: projection.followsRules(),
  }
}

function listOf(
  { services }: Call,
  system: string,
  settings: PrivacySettings,
  met: readonly MetField[],
): ListedField[] {
  return fieldList(settings, system, met, services.projection.fieldsOf(system))
}

function changesBetween(before: readonly ListedField[], after: readonly ListedField[]): object[] {
  const now = new Map(after.map((field) => [field.pointer, field]))
  return before.flatMap(({ pointer, class: was, why }) => {
    const field = now.get(pointer)!
    if (field.class === was && field.why === why) return []
    return [{ pointer, before: { class: was, why }, after: { class: field.class, why: field.why } }]
  })
}

/** Pseudonyms of a sample are made with a key of no ledger: nobody tries out here whose pseudonym is whose. */
const NO_KEY = new Uint8Array(32)

function sampleOf(value: object, system: string, settings: PrivacySettings): object {
  const { record, errors } = normalizeRecord('decision', readJson(JSON.stringify(value)))
  const [fault] = errors
  if (fault) throw new Problem(400, fault.code, fault.message, { field: `/record${fault.path}` })
  const classified = new Classifier(NO_KEY, settings).classify('decision', system, record).record
  const { [CLASSIFICATION]: said = null, ...kept } = classified
  // A record that cannot be written down is told so here, as it would be when it is sent.
  const text = canonicalJson(kept)
  return { record: JSON.parse(text) as JsonValue, classification: classificationOf(classified) ? said : null }
}
