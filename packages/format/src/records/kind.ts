/*
 * What a kind of record is: its fields, their other names, what must be there. A kind file states it with
 * defineKind; `compile` turns the statement into the tables that normalising runs on.
 *
 * Every field is accepted as camelCase and snake_case. An alias is another name, also in both spellings;
 * one with a dot (`model.id`) is a member of an object, the block, found under the first name.
 */
import type { JsonValue } from '../json/value.ts'
import type { Fields, FieldType } from './fields.ts'
import {
  choice,
  digest,
  identifier,
  json,
  list,
  listOrOne,
  object,
  objectWith,
  oneOf,
  systemName,
  text,
} from './fields.ts'
import { snakeCase } from './spelling.ts'

/** Relations of a link. */
export const REL = [
  'supersedes',
  'corrects',
  'partOf',
  'causedBy',
  'reviews',
  'outcomeOf',
  'contests',
  'explains',
  'derivedFrom',
] as const

/** A record while its own rules judge it. Field names are ours, paths the sender's. */
export interface Judged {
  value(field: string): JsonValue | undefined
  pathOf(field: string): string
  reject(code: string, path: string, message: string): void
}

/** Whether a field that must be there is; an empty array names nothing. */
export function isGiven(value: JsonValue | undefined): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0)
}

export interface KindStatement<K extends string> {
  readonly kinds: readonly K[]
  /** The field that holds the record's own time; the other of the two names is its alias. */
  readonly time?: 'timestamp' | 'at'
  readonly fields: Fields
  readonly aliases?: { readonly [field: string]: readonly string[] }
  /** Of each list at least one field must be there; an error names the first. */
  readonly required?: readonly (readonly string[])[]
  /** Rules across fields. */
  judge?(record: Judged, kind: string): void
}

export interface Kind<K extends string = string> {
  readonly kinds: readonly K[]
  readonly time: 'timestamp' | 'at'
  /** Sorted, so that a record built in this order is canonical already. */
  readonly fields: readonly { readonly name: string; readonly type: FieldType }[]
  readonly slots: ReadonlyMap<string, number>
  readonly names: ReadonlyMap<string, Target>
  readonly required: readonly (readonly string[])[]
  judge?(record: Judged, kind: string): void
}

/** One name a field may be sent under. */
export interface Spelling {
  readonly slot: number
  /** The lowest rank present fills the field: camelCase, snake_case, then aliases in their order. */
  readonly rank: number
  readonly path: string
  readonly block?: string
  readonly name: string
}

/** What a top-level name may stand for: a field, a block of fields, or either. */
export interface Target {
  field?: Spelling
  block?: Map<string, Spelling>
}

const LINK = objectWith(['rel', 'id'], { rel: choice(...REL), id: identifier })

/**
 * Fields every kind has. Outside decisions, `decisionId` is the decision the record is about, and `originDigest` names what it was made
 * of: a second record of its system and kind with the same one is a resend.
 */
const COMMON: Fields = {
  system: systemName,
  actor: oneOf(text, object()),
  links: list(LINK),
  basis: choice('observed', 'asserted', 'attested'),
  retention: identifier,
  tags: oneOf(listOrOne(text), object()),
  metadata: json,
  atAssumed: json,
  coerced: json,
}

export function defineKind<const K extends string>(statement: KindStatement<K>): Kind<K> {
  const time = statement.time ?? 'at'
  const isDecision = time === 'timestamp'
  const types: Fields = {
    ...COMMON,
    ...(isDecision
      ? { timestampSource: json }
      : { atSource: json, decisionId: identifier, originDigest: digest }),
    [time]: json,
    ...statement.fields,
  }
  const fields = Object.keys(types)
    .sort()
    .map((field) => ({ name: field, type: types[field]! }))
  const slots = new Map(fields.map((field, slot) => [field.name, slot]))
  const names = new Map<string, Target>()
  for (const field of fields) addSpellings(names, slots.get(field.name)!, [field.name])
  const aliases = {
    [time]: isDecision ? ['at'] : ['timestamp'],
    ...(isDecision || 'decision' in types ? {} : { decisionId: ['decision'] }),
    ...statement.aliases,
  }
  for (const [field, others] of Object.entries(aliases))
    addSpellings(names, slots.get(field)!, [field, ...others])
  return {
    kinds: statement.kinds,
    time,
    fields,
    slots,
    names,
    required: statement.required ?? [],
    judge: statement.judge,
  }
}

function addSpellings(names: Map<string, Target>, slot: number, others: readonly string[]): void {
  let rank = 0
  for (const other of others) {
    for (const sent of new Set([other, snakeCase(other)])) {
      const [first, member] = sent.split('.') as [string, string?]
      const target = names.get(first) ?? {}
      names.set(first, target)
      if (member === undefined) target.field ??= { slot, rank, path: `/${first}`, name: first }
      else {
        target.block ??= new Map()
        target.block.set(member, { slot, rank, path: `/${first}/${member}`, block: first, name: member })
      }
      rank++
    }
  }
}

/** For kinds about a decision: it must be named, or the record linked to something. */
export const ABOUT_A_DECISION = ['decisionId', 'links'] as const
