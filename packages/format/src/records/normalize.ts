import { escapeToken, tokensOf, valueAt } from '../json/pointer.ts'
import type { JsonReading } from '../json/read.ts'
import { COERCED_MAX } from '../json/read.ts'
import type { JsonObject, JsonValue } from '../json/value.ts'
import { isObject, memberOf, setMember, typeName } from '../json/value.ts'
import type { Emitter } from './emitter.ts'
import { EMITTER_MEMBERS, readEmitter } from './emitter.ts'
import type { RecordError } from './examination.ts'
import { Examination } from './examination.ts'
import { BAD_TIME, isNumberText, readField } from './fields.ts'
import type { Judged, Kind, Spelling, Target } from './kind.ts'
import { isGiven } from './kind.ts'
import type { RecordKind } from './kinds/index.ts'
import { isRecordKind, kindOf } from './kinds/index.ts'
import { isoTime, parseTime } from './time.ts'

/** A record under our names: what is sealed and committed to. Neither kind, entry id nor receipt time are in it. */
export type CanonicalRecord = JsonObject

export interface Normalized {
  readonly record: CanonicalRecord
  /** Where the record stands in its emitter's own numbering; never part of the record. */
  readonly emitter?: Emitter
  /** Reasons to refuse the record; empty when it is accepted. */
  readonly errors: RecordError[]
}

/**
 * Brings a record as sent under our names and checks it.
 *
 * Both spellings and every alias are accepted; the best of several wins and the others are kept in
 * `metadata`, as is every field we do not know, blocks like `signature` and `compliance` included. When
 * `metadata` has a member of that name already, the field is kept under the pointer it was sent at. Known
 * fields that are null count as absent. Numbers that became text are listed in `coerced`. Normalising a
 * record that is canonical already gives it back.
 */
export function normalizeRecord(kind: RecordKind, reading: JsonReading): Normalized {
  const { value, faults } = reading
  if (!isObject(value)) {
    const error = { code: 'wrong_type', path: '', message: `expected an object, got ${typeName(value)}` }
    return { record: {}, errors: [...faults, error] }
  }
  const listed = coercedAsSent(value)
  const examination = new Examination([...reading.coerced, ...(listed ?? [])], faults)
  const draft = new Draft(kindOf(kind), examination)
  draft.take(kind, value)
  draft.readFields()
  draft.readTime()
  if (listed === undefined) draft.drop('coerced')
  draft.judge(kind)
  const emitter = readEmitter(memberOf(value, 'emitter'), examination)
  const record = draft.finish()
  return emitter === undefined
    ? { record, errors: examination.errors }
    : { record, emitter, errors: examination.errors }
}

/** The `coerced` list that came with a record; undefined unless every pointer leads to the text of a number. */
function coercedAsSent(value: JsonObject): string[] | undefined {
  const sent = memberOf(value, 'coerced')
  if (!Array.isArray(sent) || sent.length > COERCED_MAX) return undefined
  const pointers = sent.filter((pointer) => typeof pointer === 'string' && isNumberAt(value, pointer))
  return pointers.length === sent.length ? (pointers as string[]) : undefined
}

function isNumberAt(value: JsonObject, pointer: string): boolean {
  const found = valueAt(value, pointer)
  return typeof found === 'string' && isNumberText(found)
}

/** Something kept in metadata: where it was sent and what it was. */
interface Leftover {
  readonly path: string
  readonly block?: string
  readonly name: string
  readonly value: JsonValue
}

/*
 * One record on its way. Slots are the fields of its kind in canonical order. `taken[slot]` is the
 * spelling a field came under, `values[slot]` its value: at first as sent, after readFields as recorded.
 * Whatever was sent is in a slot, among the leftovers, or the emitter; nothing is in two of them.
 */
class Draft {
  private readonly kind: Kind
  private readonly examination: Examination
  private readonly taken: (Spelling | undefined)[]
  private readonly values: (JsonValue | undefined)[]
  private readonly leftovers: Leftover[] = []

  constructor(kind: Kind, examination: Examination) {
    this.kind = kind
    this.examination = examination
    this.taken = new Array<Spelling | undefined>(kind.fields.length).fill(undefined)
    this.values = new Array<JsonValue | undefined>(kind.fields.length).fill(undefined)
  }

  /** Sorts the members as sent into fields and leftovers. */
  take(kind: string, value: JsonObject): void {
    for (const name of Object.keys(value)) {
      const sent = value[name]!
      const target = this.kind.names.get(name)
      if (target?.block !== undefined && isObject(sent) && opens(target, sent))
        this.takeBlock(name, target.block, sent)
      else if (target?.field !== undefined) this.place(target.field, sent)
      else if (name === 'emitter') this.keepStrangers(sent)
      else if (name === 'kind' && isRecordKind(sent)) this.checkKind(kind, sent)
      else this.leftovers.push({ path: `/${escapeToken(name)}`, name, value: sent })
    }
  }

  /** Reads every field as its type. */
  readFields(): void {
    for (let slot = 0; slot < this.taken.length; slot++) {
      const spelling = this.taken[slot]
      if (spelling === undefined) continue
      const field = this.kind.fields[slot]!
      const read = readField(field.type, this.values[slot]!, spelling.path, this.examination)
      if (read === undefined) this.drop(field.name)
      else this.values[slot] = read
    }
  }

  /**
   * The record's own time: one spelling for all, the source's kept beside it. A source text that came
   * with the record is believed only when it tells the very same moment.
   */
  readTime(): void {
    const { time } = this.kind
    const sent = this.get(time)
    const source = `${time}Source`
    const sentSource = this.get(source)
    const parsed = sent === undefined ? undefined : parseTime(sent)
    if (sent !== undefined && parsed === undefined) this.rejectTime(sent)
    const iso = parsed && isoTime(parsed.ms)
    const earlier = sent === iso && typeof sentSource === 'string' ? parseTime(sentSource) : undefined
    const believed = earlier !== undefined && earlier.ms === parsed?.ms
    if (!believed) this.drop(source)
    const assumed = (believed ? earlier : parsed)?.assumedUtc === true
    if (!assumed || this.get('atAssumed') !== 'utc') this.drop('atAssumed')
    if (iso === undefined) return
    this.set(time, iso)
    if (sent !== iso) this.set(source, `${sent as string | number}`)
    if (assumed) this.set('atAssumed', 'utc')
  }

  judge(kind: string): void {
    const judged: Judged = {
      value: (field) => this.get(field),
      pathOf: (field) => this.taken[this.slot(field)]?.path ?? `/${field}`,
      reject: (code, path, message) => this.examination.reject(code, path, message),
    }
    for (const fields of this.kind.required) {
      if (fields.some((field) => isGiven(this.get(field)))) continue
      const message =
        fields.length === 1 ? `${fields[0]} is missing` : `one of ${fields.join(', ')} is missing`
      this.examination.reject('missing_field', `/${fields[0]}`, message)
    }
    this.kind.judge?.(judged, kind)
  }

  /** Empties a field and keeps in metadata what it was sent as. */
  drop(field: string): void {
    const slot = this.slot(field)
    const spelling = this.taken[slot]
    if (spelling !== undefined) this.leftovers.push({ ...spelling, value: this.values[slot]! })
    this.taken[slot] = undefined
    this.values[slot] = undefined
  }

  /** The canonical record, its members in canonical order. */
  finish(): CanonicalRecord {
    const moved = this.fillMetadata()
    const coerced = this.coercedNow(moved)
    this.set('coerced', coerced.length === 0 ? undefined : coerced)
    return this.assemble()
  }

  private assemble(): CanonicalRecord {
    const record: CanonicalRecord = {}
    for (let slot = 0; slot < this.values.length; slot++) {
      const value = this.values[slot]
      if (value !== undefined) record[this.kind.fields[slot]!.name] = value
    }
    return record
  }

  private takeBlock(block: string, members: Map<string, Spelling>, sent: JsonObject): void {
    for (const name of Object.keys(sent)) {
      const spelling = members.get(name)
      const value = sent[name]!
      if (spelling !== undefined) this.place(spelling, value)
      else this.leftovers.push({ path: `/${block}/${escapeToken(name)}`, block, name, value })
    }
  }

  private place(spelling: Spelling, value: JsonValue): void {
    if (value === null) return
    const { slot } = spelling
    const earlier = this.taken[slot]
    if (earlier !== undefined && earlier.rank < spelling.rank) this.leftovers.push({ ...spelling, value })
    else {
      if (earlier !== undefined) this.leftovers.push({ ...earlier, value: this.values[slot]! })
      this.taken[slot] = spelling
      this.values[slot] = value
    }
  }

  private keepStrangers(emitter: JsonValue): void {
    if (!isObject(emitter)) return
    for (const [name, value] of Object.entries(emitter)) {
      if (EMITTER_MEMBERS.has(name)) continue
      this.leftovers.push({ path: `/emitter/${escapeToken(name)}`, block: 'emitter', name, value })
    }
  }

  private checkKind(kind: string, sent: string): void {
    if (sent !== kind) this.examination.reject('bad_value', '/kind', `expected ${kind}`)
  }

  private rejectTime(sent: JsonValue): void {
    const code = typeof sent === 'string' || typeof sent === 'number' ? 'bad_time' : 'wrong_type'
    this.examination.reject(code, this.taken[this.slot(this.kind.time)]!.path, BAD_TIME)
  }

  /** Merges the leftovers into metadata; gives where each went, by the path it was sent at. */
  private fillMetadata(): Map<string, string> {
    const moved = new Map<string, string>()
    const own = this.get('metadata')
    if (own !== undefined && !isObject(own)) this.drop('metadata')
    if (this.leftovers.length === 0) return moved
    const metadata: JsonObject = isObject(own) ? { ...own } : {}
    const blocks = new Map<string, JsonObject>()
    for (const { path, block, name, value } of this.leftovers) {
      if (block === undefined) moved.set(path, `/metadata/${escapeToken(add(metadata, name, path, value))}`)
      else setMember(blocks.get(block) ?? newBlock(blocks, block), name, value)
    }
    for (const [block, rest] of blocks) {
      const kept = add(metadata, block, `/${block}`, rest)
      for (const token of Object.keys(rest).map(escapeToken)) {
        moved.set(`/${block}/${token}`, `/metadata/${escapeToken(kept)}/${token}`)
      }
    }
    this.set('metadata', metadata)
    return moved
  }

  /** Pointers into the finished record of all numbers that are text now. */
  private coercedNow(moved: Map<string, string>): string[] {
    const paths = this.examination.coercedPaths()
    if (paths.length === 0) return []
    for (const [slot, spelling] of this.taken.entries()) {
      if (spelling !== undefined) moved.set(spelling.path, `/${this.kind.fields[slot]!.name}`)
    }
    const record = this.assemble()
    const pointers = paths.map((path) => pointerNow(path, moved, this.examination.renamed))
    return [...new Set(pointers)].filter((pointer) => isNumberAt(record, pointer)).sort()
  }

  private slot(field: string): number {
    return this.kind.slots.get(field)!
  }

  private get(field: string): JsonValue | undefined {
    return this.values[this.slot(field)]
  }

  private set(field: string, value: JsonValue | undefined): void {
    this.values[this.slot(field)] = value
  }
}

/**
 * Whether an object sent under a name that may be a field or a block is the block. It is when it has the
 * member that stands for the field (`output.result`), or nothing but members known of the block
 * (`input.hash` alone). When that member would open again we cannot know, and it stays the field: thus
 * what we have once read as the field is never opened by reading it again.
 */
function opens(target: Target, sent: JsonObject): boolean {
  const { field, block } = target
  if (field === undefined) return true
  const names = Object.keys(sent)
  const main = names.find((name) => block!.get(name)?.slot === field.slot)
  if (main === undefined) return names.length > 0 && names.every((name) => block!.has(name))
  const inner = sent[main]!
  return !(isObject(inner) && opens(target, inner))
}

function newBlock(blocks: Map<string, JsonObject>, block: string): JsonObject {
  const rest: JsonObject = {}
  blocks.set(block, rest)
  return rest
}

/** Adds a member under its name, or under its path when the name is taken; gives the name used. */
function add(metadata: JsonObject, name: string, path: string, value: JsonValue): string {
  let key = name
  while (Object.hasOwn(metadata, key)) key = key === name ? path : `/${key}`
  setMember(metadata, key, value)
  return key
}

/** Where what was sent at a path is in the record: moves replace the path so far, renames one token of it. */
function pointerNow(path: string, moved: Map<string, string>, renamed: Map<string, string>): string {
  let sent = ''
  let now = ''
  for (const token of tokensOf(path).map(escapeToken)) {
    sent += `/${token}`
    now = moved.get(sent) ?? `${now}/${renamed.get(sent) ?? token}`
  }
  return now
}
