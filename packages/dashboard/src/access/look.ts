/** A look as `GET /v1/access` tells of it, and what it says in words. */
import type { Json } from '../api.ts'
import { counted, exactTimeText, timeText } from '../display.ts'

export interface Look {
  /** Entry id of the record of the look. */
  readonly id: string
  readonly index: number
  readonly at: string
  readonly actor: { readonly id: string; readonly name?: string; readonly role: string }
  /** In the words of the policy: list, read, reveal, export … */
  readonly action: string
  /** As the contract names it; absent where the record itself could not be opened. */
  readonly operation?: string
  readonly result: string
  readonly purpose?: string
  /** Rows or groups in the answer. */
  readonly count?: number
  readonly query?: Json
  /** Entry ids of what was shown. */
  readonly objects?: readonly string[]
  readonly fields?: readonly string[]
  /** Why it was denied. */
  readonly code?: string
  readonly repeats?: number
  readonly from?: string
  readonly until?: string
}

export interface LookPage {
  readonly items: readonly Look[]
  readonly next: string | null
  readonly asOf: { readonly size: number }
}

/** What somebody did, by operation, after a name; and what they were not allowed to do. */
export const OPERATIONS: Readonly<Record<string, { readonly did: string; readonly to: string }>> = {
  listDecisions: { did: 'searched decisions', to: 'search decisions' },
  getDecision: { did: 'opened a decision', to: 'open a decision' },
  getTimeline: {
    did: 'read what was recorded about a decision',
    to: 'read what was recorded about a decision',
  },
  getReproducibility: {
    did: 'took what a replay of a decision needs',
    to: 'take what a replay of a decision needs',
  },
  getProof: { did: 'took a proof of a decision', to: 'take a proof of a decision' },
  getBundle: { did: 'exported the evidence of a decision', to: 'export the evidence of a decision' },
  getArtifact: { did: 'saw what is known of an artifact', to: 'see what is known of an artifact' },
  getArtifactContent: { did: 'opened an artifact', to: 'open an artifact' },
  listLabelled: { did: 'exported labelled decisions', to: 'export labelled decisions' },
  postBundles: { did: 'exported the evidence of many records', to: 'export the evidence of many records' },
  lookUpSubject: { did: 'looked a person up', to: 'look a person up' },
  getAggregate: { did: 'counted decisions in groups', to: 'count decisions in groups' },
  getUsage: { did: 'saw numbers on usage', to: 'see numbers on usage' },
  getConfidence: { did: 'saw numbers on confidence', to: 'see numbers on confidence' },
  getOverrides: { did: 'saw numbers on overrides', to: 'see numbers on overrides' },
  getCompleteness: { did: 'saw numbers on completeness', to: 'see numbers on completeness' },
  getCoverage: { did: 'saw coverage', to: 'see coverage' },
  getEmitters: { did: 'saw the emitters', to: 'see the emitters' },
  getEmitterProof: {
    did: 'took a proof of an emitter’s numbers',
    to: 'take a proof of an emitter’s numbers',
  },
  getSystems: { did: 'saw the systems', to: 'see the systems' },
  listModels: { did: 'saw the models', to: 'see the models' },
  getModel: { did: 'read the life of a model', to: 'read the life of a model' },
  getModelGate: { did: 'asked the gate about a model', to: 'ask the gate about a model' },
  listDatasets: { did: 'saw the data sets', to: 'see the data sets' },
  getLineage: { did: 'followed a lineage', to: 'follow a lineage' },
  getDecisionLineage: { did: 'saw where a decision comes from', to: 'see where a decision comes from' },
  assess: { did: 'compared use with declarations', to: 'compare use with declarations' },
  postSql: { did: 'asked a free question (SQL)', to: 'ask a free question (SQL)' },
  listKeys: { did: 'saw the list of keys', to: 'see the list of keys' },
  makeKey: { did: 'made a key', to: 'make a key' },
  rotateKey: { did: 'rotated a key', to: 'rotate a key' },
  revokeKey: { did: 'revoked a key', to: 'revoke a key' },
  getPolicy: { did: 'saw the policy', to: 'see the policy' },
  putPolicy: { did: 'changed the policy', to: 'change the policy' },
  listAccess: { did: 'saw who looked at what', to: 'see who looked at what' },
  getDecisionAccess: { did: 'saw who looked at a decision', to: 'see who looked at a decision' },
  getSubjectAccess: { did: 'saw when a person was looked at', to: 'see when a person was looked at' },
  recordDecisions: { did: 'sent decisions', to: 'send decisions' },
  recordRecords: { did: 'sent records', to: 'send records' },
  listRequests: { did: 'saw the requests of people', to: 'see the requests of people' },
  getRequest: { did: 'opened the request of a person', to: 'open the request of a person' },
  getSubject: { did: 'saw what is kept of a person', to: 'see what is kept of a person' },
  listSubjectDecisions: { did: 'searched decisions about a person', to: 'search decisions about a person' },
  exportSubject: { did: 'exported everything of a person', to: 'export everything of a person' },
  eraseSubject: { did: 'asked to erase a person', to: 'erase a person' },
  listErasures: { did: 'saw the erasures', to: 'see the erasures' },
  listRetentionRuns: { did: 'saw the runs of the retention', to: 'see the runs of the retention' },
  getErasure: { did: 'opened an erasure', to: 'open an erasure' },
  approveErasure: { did: 'agreed to an erasure', to: 'agree to an erasure' },
  listHolds: { did: 'saw the holds', to: 'see the holds' },
  getHold: { did: 'opened a hold', to: 'open a hold' },
  getPrivacy: { did: 'saw what becomes of fields', to: 'see what becomes of fields' },
  putPrivacy: { did: 'changed what becomes of fields', to: 'change what becomes of fields' },
  previewFields: { did: 'tried what would become of fields', to: 'try what would become of fields' },
  restoreTiers: { did: 'brought archived months back', to: 'bring archived months back' },
  releaseTiers: { did: 'let months be archived again', to: 'let months be archived again' },
  getSettings: { did: 'saw the settings', to: 'see the settings' },
  createLedger: { did: 'made a ledger', to: 'make a ledger' },
  archiveLedger: { did: 'archived a ledger', to: 'archive a ledger' },
  getLedgerStatus: { did: 'saw the state of the ledger', to: 'see the state of the ledger' },
  getTile: { did: 'read the raw ledger', to: 'read the raw ledger' },
  getCheckpoint: { did: 'read the checkpoint', to: 'read the checkpoint' },
  getVkey: { did: 'read the keys of the ledger', to: 'read the keys of the ledger' },
  getMetrics: { did: 'read metrics', to: 'read metrics' },
}

/** The same by action, coarser: what looks can be found by. */
export const ACTS: Readonly<Record<string, { readonly did: string; readonly to: string }>> = {
  list: { did: 'searched decisions', to: 'search decisions' },
  read: { did: 'opened a decision', to: 'open a decision' },
  reveal: { did: 'revealed sealed fields', to: 'reveal sealed fields' },
  export: { did: 'exported evidence', to: 'export evidence' },
  aggregate: { did: 'saw numbers over many', to: 'see numbers over many' },
  sql: { did: 'asked a free question', to: 'ask a free question' },
  lookup: { did: 'looked a person up', to: 'look a person up' },
  prove: { did: 'took a proof', to: 'take a proof' },
  models: { did: 'saw models', to: 'see models' },
  access: { did: 'saw who looked', to: 'see who looked' },
  own_access: { did: 'saw looks at a person', to: 'see looks at a person' },
  own_export: { did: 'exported a person', to: 'export a person' },
  persons: { did: 'saw what stands for a person', to: 'see what stands for a person' },
  rights: { did: 'did something for a person', to: 'do something for a person' },
  holds: { did: 'saw holds', to: 'see holds' },
  erase: { did: 'asked to erase a person', to: 'erase a person' },
  erasures: { did: 'saw the erasures', to: 'see the erasures' },
  hold: { did: 'placed or released holds', to: 'place or release holds' },
  keys: { did: 'saw or changed keys', to: 'see or change keys' },
  policy: { did: 'changed the policy', to: 'change the policy' },
  privacy: { did: 'changed what becomes of fields', to: 'change what becomes of fields' },
  retention: { did: 'changed how long content is kept', to: 'change how long content is kept' },
  settings: { did: 'saw settings or policy', to: 'see settings or policy' },
  record: { did: 'sent records', to: 'send records' },
  review: { did: 'reviewed decisions', to: 'review decisions' },
  status: { did: 'saw the state of things', to: 'see the state of things' },
  ledger: { did: 'read the raw ledger', to: 'read the raw ledger' },
  operate: { did: 'brought archived months back', to: 'bring archived months back' },
  ledgers: { did: 'archived a ledger', to: 'archive a ledger' },
  systems: { did: 'saw the systems', to: 'see the systems' },
  metrics: { did: 'read metrics', to: 'read metrics' },
  gap: { did: 'looks may be missing', to: 'look' },
}

/** What kind of look it was, for the eye. */
export type LookKind = 'read' | 'revealed' | 'exported' | 'denied' | 'gap'

export const LOOK_KINDS: readonly LookKind[] = ['read', 'revealed', 'exported', 'denied']

export function kindOf({ action, result }: Look): LookKind {
  if (action === 'gap') return 'gap'
  if (result === 'denied' || result === 'exported' || result === 'revealed') return result
  return action === 'reveal' ? 'revealed' : 'read'
}

/** What was done, without who. */
export function doneText(look: Look): string {
  const { action, operation = action, fields = [] } = look
  const kind = kindOf(look)
  if (kind === 'gap') return 'Looks may be missing here'
  if (kind === 'revealed' && fields.length > 0)
    return fields.includes('all') ? 'revealed all sealed fields' : `revealed ${fields.join(', ')}`
  const { did, to } = OPERATIONS[operation] ?? ACTS[action] ?? { did: action, to: action }
  return kind === 'denied' ? `was not allowed to ${to}` : did
}

/** Where a look stands for more than itself: repeats, or a time in which some may be missing. */
export function beyondText(look: Look): string | undefined {
  const { repeats = 0, from, until } = look
  if (kindOf(look) === 'gap' && from !== undefined && until !== undefined)
    return `The server stopped without warning. Looks of up to a second may be unrecorded between ${exactTimeText(from)} and ${exactTimeText(until)}.`
  if (repeats === 0) return undefined
  const again = `the same again ${counted(repeats, 'time')}`
  if (from === undefined || until === undefined) return again
  const [first, last] = [timeOnly(from), timeOnly(until)]
  return first === last ? `${again} at ${first}` : `${again} between ${first} and ${last}`
}

function timeOnly(at: string): string {
  return timeText(at).slice(11)
}

/** Why a look was denied, in words. */
export function denialText(code: string | undefined): string {
  switch (code) {
    case 'forbidden':
      return 'no role of the key allows it'
    case 'field_forbidden':
      return 'it asked about a class of fields the key does not see'
    case 'individual_value':
      return 'it would have shown the value of one decision'
    case 'purpose_required':
      return 'no purpose was stated'
    case 'purpose_not_allowed':
      return 'the key is made for other purposes'
    case 'not_found':
      return 'it lies beyond what the key reaches; it was answered as if it did not exist'
    case 'csrf_missing':
      return 'it did not come from a page of this server'
    case undefined:
      return 'the reason is not recorded'
    default:
      return code
  }
}

/** The question that was asked, part by part. */
export function questionOf({ query }: Look): readonly (readonly [name: string, value: string])[] {
  if (query === undefined || query === null) return []
  if (typeof query !== 'object' || Array.isArray(query)) return [['question', textOf(query)]]
  return Object.entries(query as Readonly<Record<string, Json>>).map(([name, value]) => [
    name.replace(/^:/, ''),
    textOf(value),
  ])
}

/** Whether a token stands in the question where somebody typed words. */
export function isHidden(question: ReturnType<typeof questionOf>): boolean {
  return question.some((part) => part.some((text) => /token:[0-9a-f]{16}/.test(text)))
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
