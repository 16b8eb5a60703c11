/** What the form for a new key holds, and what it asks the server for. */
import type { Role } from '../session/shape.ts'

export interface KeyDraft {
  readonly name: string
  readonly roles: readonly Role[]
  /** Names, between commas; empty for all. */
  readonly systems: string
  /** One a line; empty for any. */
  readonly purposes: string
  /** Days, or empty. */
  readonly from: string
  readonly to: string
  readonly days: string
  readonly emitter: string
  readonly subject: string
}

export const EMPTY_DRAFT: KeyDraft = {
  name: '',
  roles: [],
  systems: '',
  purposes: '',
  from: '',
  to: '',
  days: '90',
  emitter: '',
  subject: '',
}

export interface KeyRequest {
  readonly name: string
  readonly roles: readonly Role[]
  readonly systems: readonly string[] | null
  readonly purposes: readonly string[] | null
  readonly period?: { readonly from?: number; readonly to?: number }
  readonly emitter?: string
  readonly subject?: string
  readonly expiresAt: string | null
}

const DAY_MS = 86_400_000

/** The roles after one was switched: a person's key has that role alone. */
export function withRole(roles: readonly Role[], role: Role): readonly Role[] {
  if (roles.includes(role)) return roles.filter((other) => other !== role)
  return role === 'subject' ? ['subject'] : [...roles.filter((other) => other !== 'subject'), role]
}

/** What is still missing, in words; undefined when the key can be asked for. */
export function missingIn({ name, roles, subject }: KeyDraft): string | undefined {
  if (name.trim() === '') return 'Give it a name.'
  if (roles.length === 0) return 'Choose a role.'
  return roles.includes('subject') && subject.trim() === '' ? 'Say whose decisions they are.' : undefined
}

/** The request a draft stands for. What does not belong to its roles is left out. */
export function requestOf(draft: KeyDraft, now: number): KeyRequest {
  const { name, roles, days, emitter, subject, from, to } = draft
  const isWriterOnly = roles.length === 1 && roles[0] === 'writer'
  const period = {
    ...(from !== '' && { from: Date.parse(from) }),
    ...(to !== '' && { to: Date.parse(to) + DAY_MS }),
  }
  return {
    name: name.trim(),
    roles,
    systems: listOf(draft.systems, ','),
    purposes: listOf(draft.purposes, '\n'),
    ...(Object.keys(period).length > 0 && { period }),
    ...(isWriterOnly && emitter.trim() !== '' && { emitter: emitter.trim() }),
    ...(roles.includes('subject') && { subject: subject.trim() }),
    expiresAt: days === '' ? null : new Date(now + Number(days) * DAY_MS).toISOString(),
  }
}

function listOf(text: string, between: string): readonly string[] | null {
  const items = text
    .split(between)
    .map((item) => item.trim())
    .filter((item) => item !== '')
  return items.length === 0 ? null : items
}
