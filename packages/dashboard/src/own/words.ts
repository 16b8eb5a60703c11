/** Looks at a person's decisions, told to that person: plain words, no names. */

export interface OwnLook {
  readonly at: string
  readonly action: string
  readonly result?: string
  readonly role?: string
  readonly purpose?: string
  readonly repeats?: number
}

const WHO: Readonly<Record<string, string>> = {
  writer: 'A service',
  operator: 'Somebody who runs the recorder',
  reviewer: 'Somebody who reviews decisions',
  auditor: 'An auditor',
  privacy_officer: 'Somebody who looks after privacy',
  authority: 'A public authority',
  admin: 'An administrator',
}

const DID: Readonly<Record<string, string>> = {
  list: 'found it in a list',
  read: 'opened it',
  reveal: 'opened sealed fields of it',
  prove: 'took a proof that it is recorded',
  export: 'exported its evidence',
  own_export: 'exported everything recorded',
  access: 'checked who had looked at it',
  sql: 'found it by a free question',
}

/** One look as a sentence. `person`: how the person concerned is spoken of, who is the reader unless somebody else is. */
export function ownLookText(
  { role, action, purpose, repeats = 0, result }: OwnLook,
  person: 'You' | 'The person' = 'You',
): string {
  const who = role === 'subject' ? person : (WHO[role ?? ''] ?? 'Somebody')
  const did = DID[action] ?? 'looked at it'
  const done = result === 'denied' ? `wanted to look at it and was not let` : did
  const what = purpose === undefined ? '' : ` for “${purpose}”`
  const again = repeats > 0 ? `, ${repeats === 1 ? 'once' : `${repeats} times`} more` : ''
  return `${who} ${done}${what}${again}.`
}
