/** What can be done here, in the words of the policy. A route asks for exactly one of them. */
export const ACTIONS = {
  record: 'report decisions and whatever else happened',
  review: 'review, comment, score, explain and contest decisions',
  list: 'find decisions one by one',
  read: 'open one decision and what was recorded about it',
  reveal: 'see sealed fields, for a stated purpose',
  export: 'take evidence away',
  aggregate: 'see numbers over many decisions',
  sql: 'ask free questions of the index',
  lookup: 'turn the id of a person into the handle it is indexed by',
  prove: 'take inclusion and emitter proofs',
  ledger: 'read the raw ledger: checkpoints, tiles, keys',
  status: 'see coverage, emitters and the state of the recorder',
  metrics: 'scrape metrics',
  systems: 'see the AI systems and the class of their fields',
  models: 'see the life of models and data sets, and what they decided in numbers',
  access: 'see who looked at what',
  own_access: 'see when and why the own decisions were looked at, without names',
  own_export:
    'take everything recorded about a person: the own of a subject, for a stated purpose that of anybody',
  persons: 'see what is kept of a person, what they asked for and until when it is due',
  rights: 'receive and answer requests of people, restrict, rectify, merge ids',
  holds: 'see what must not be erased, and why',
  hold: 'place, review and release holds',
  keys: 'make, rotate and revoke keys',
  policy: 'change who may do what',
  ledgers: 'archive the ledger',
  erase: 'erase what was recorded about a person',
  erasures: 'see which erasures were asked for and how they stand',
  privacy: 'change what is kept of records and what becomes of their fields',
  retention: 'change how long content is kept, and delete what is due',
  operate: 'bring archived months of the index back, and let them go again',
  settings: 'see what the server is set to, and the policy',
} as const

export type Action = keyof typeof ACTIONS

export const ACTION_NAMES = Object.keys(ACTIONS) as readonly Action[]
