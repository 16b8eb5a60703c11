/** `GET /v1/session`: who is asking and what they may do, as the server tells it. */

/** What can be done, in the words of the policy. */
export const RIGHTS = {
  record: 'report decisions and whatever else happened',
  review: 'review, comment, score, explain and contest decisions',
  list: 'find decisions one by one',
  read: 'open one decision and what was recorded about it',
  reveal: 'see sealed fields, for a stated purpose',
  export: 'take evidence away',
  aggregate: 'see numbers over many decisions',
  sql: 'ask free questions of the index',
  lookup: 'look a person up by their id',
  prove: 'take inclusion and emitter proofs',
  ledger: 'read the raw ledger: checkpoints, tiles, keys',
  status: 'see coverage, emitters and the state of the recorder',
  metrics: 'scrape metrics',
  systems: 'see the AI systems and the class of their fields',
  models: 'see the life of models and data sets, and what they decided in numbers',
  access: 'see who looked at what',
  own_access: 'see when and why their own decisions were looked at',
  own_export: 'take everything recorded about a person',
  persons: 'see what is kept of a person, what they asked for and until when it is due',
  rights: 'receive and answer requests of people, restrict, rectify, merge ids',
  holds: 'see what must not be erased, and why',
  hold: 'place, review and release holds',
  erase: 'erase what was recorded about a person',
  erasures: 'see which erasures were asked for and how they stand',
  keys: 'make, rotate and revoke keys',
  policy: 'change who may do what',
  ledgers: 'archive the ledger',
  privacy: 'change what is kept of records and what becomes of their fields',
  retention: 'change how long content is kept, and delete what is due',
  operate: 'bring archived months of the index back, and let them go again',
  settings: 'see what the server is set to, and the policy',
} as const

export type Action = keyof typeof RIGHTS

export const ACTIONS = Object.keys(RIGHTS) as readonly Action[]

/** What a role is for, in one line. */
export const ROLES = {
  writer: 'Reports records. Reads nothing.',
  operator: 'Sees whether the recorder works and numbers over many decisions. Nobody’s decision.',
  reviewer: 'Finds, opens and reviews decisions. Sealed fields for a stated purpose.',
  auditor: 'Finds, counts, proves and exports everything, and sees who looked. Sealed fields for a purpose.',
  privacy_officer: 'As an auditor, without free questions: for the rights of the people affected.',
  authority: 'Reads and exports, each time for a stated purpose.',
  admin: 'Manages keys, policy and ledgers. Sees no content.',
  subject: 'One person: their own decisions, and when and why others looked at them.',
} as const

export type Role = keyof typeof ROLES

export const ROLE_NAMES = Object.keys(ROLES) as readonly Role[]

export const FIELD_CLASSES = ['plain', 'identifier', 'protected', 'sealed'] as const

export type FieldClass = (typeof FIELD_CLASSES)[number]

export interface Session {
  readonly identity: {
    readonly id: string
    readonly name: string
    readonly roles: readonly Role[]
    /** Systems it is confined to; null for none. */
    readonly systems: readonly string[] | null
    /** The person a key of the role `subject` belongs to. */
    readonly subject?: string
  }
  readonly ledger: string
  readonly ledgers: readonly string[]
  readonly actions: readonly Action[]
  readonly fields: readonly FieldClass[]
  /** Groups of fewer decisions are not shown; null where all are. */
  readonly smallCells: number | null
  /** The only purposes that may be stated; null for any. */
  readonly purposes: readonly string[] | null
  /** What every request that changes something must carry; null without a session of a browser. */
  readonly csrf: string | null
  readonly expiresAt: string | null
}

/** The identity of the token of first start, which belongs to every ledger. */
export const FIRST_START = 'first-start'

/** `privacy_officer` → privacy officer. */
export function roleText(role: string): string {
  return role.replaceAll('_', ' ')
}

/** Whether this key reads nothing at all until it says what for. */
export function needsPurpose({ actions, fields }: Session): boolean {
  const reads = actions.some((action) => action === 'list' || action === 'read' || action === 'aggregate')
  return reads && fields.length === 0
}
