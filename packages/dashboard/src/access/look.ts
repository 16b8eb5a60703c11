/** A look as `GET /v1/access` tells of it, and what it says in words. */
import type { Json } from '../api.ts'
import { counted, exactTimeText, timeText } from '../display.ts'

export interface Look {
  /** Entry id of the record of the look. */
  readonly id: string
  readonly index: number
  readonly at: string
  readonly actor: { readonly id: string; readonly name?: string; readonly role: string }
  /** The operation, as the contract names it. */
  readonly action: string
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

/** What somebody did, by operation; said after a name. */
export const OPERATIONS: Readonly<Record<string, string>> = {
  listDecisions: 'searched decisions',
  getDecision: 'opened a decision',
  getTimeline: 'read what was recorded about a decision',
  getProof: 'took a proof of a decision',
  getBundle: 'exported the evidence of a decision',
  postBundles: 'exported the evidence of many records',
  lookUpSubject: 'looked a person up',
  getAggregate: 'counted decisions in groups',
  getUsage: 'saw numbers on usage',
  getConfidence: 'saw numbers on confidence',
  getOverrides: 'saw numbers on overrides',
  getCompleteness: 'saw numbers on completeness',
  getCoverage: 'saw coverage',
  getEmitters: 'saw the emitters',
  getEmitterProof: 'took a proof of an emitter’s numbers',
  getSystems: 'saw the systems',
  postSql: 'asked a free question (SQL)',
  listKeys: 'saw the list of keys',
  makeKey: 'made a key',
  rotateKey: 'rotated a key',
  revokeKey: 'revoked a key',
  getPolicy: 'saw the policy',
  putPolicy: 'changed the policy',
  listAccess: 'saw who looked at what',
  getDecisionAccess: 'saw who looked at a decision',
  getSubjectAccess: 'saw when a person was looked at',
  recordDecisions: 'sent decisions',
  recordRecords: 'sent records',
  getSettings: 'saw the settings',
  createLedger: 'made a ledger',
  archiveLedger: 'archived a ledger',
  getTile: 'read the raw ledger',
  getCheckpoint: 'read the checkpoint',
  gap: 'looks may be missing',
}

/** What kind of look it was, for the eye. */
export type LookKind = 'read' | 'revealed' | 'exported' | 'denied' | 'gap'

export const LOOK_KINDS: readonly LookKind[] = ['read', 'revealed', 'exported', 'denied']

export function kindOf({ action, result, fields }: Look): LookKind {
  if (action === 'gap') return 'gap'
  if (result === 'denied' || result === 'exported' || result === 'revealed') return result
  return action === 'getDecision' && fields !== undefined && fields.length > 0 ? 'revealed' : 'read'
}

/** What was done, without who. */
export function doneText(look: Look): string {
  const { action, fields = [] } = look
  const kind = kindOf(look)
  if (kind === 'gap') return 'Looks may be missing here'
  if (kind === 'revealed')
    return fields.includes('all') ? 'revealed all sealed fields' : `revealed ${fields.join(', ')}`
  const done = OPERATIONS[action] ?? action
  return kind === 'denied' ? `was denied: ${done}` : done
}

/** Where a look stands for more than itself: repeats, or a time in which some may be missing. */
export function beyondText(look: Look): string | undefined {
  const { repeats = 0, from, until } = look
  if (kindOf(look) === 'gap' && from !== undefined && until !== undefined)
    return `The server stopped without warning. Looks of up to a second may be unrecorded between ${exactTimeText(from)} and ${exactTimeText(until)}.`
  if (repeats === 0) return undefined
  const span =
    from !== undefined && until !== undefined ? ` between ${timeOnly(from)} and ${timeOnly(until)}` : ''
  return `the same again ${counted(repeats, 'time')}${span}`
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

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
