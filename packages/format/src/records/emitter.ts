import type { JsonObject, JsonValue } from '../json/value.ts'
import { isObject, memberOf } from '../json/value.ts'
import type { Examination } from './examination.ts'
import { count, digest, readField, text } from './fields.ts'

/** Where a record stands in the numbering of the source that sent it. */
export interface Emitter {
  /** Chosen by the source and bound to its API key: 1..64 letters, digits, dots, dashes, underscores. */
  readonly id: string
  /** Counts restarts of the source that lost its state. */
  readonly epoch: number
  /** Counts records within the epoch. */
  readonly seq: number
  /** 32 random bytes in lower-case hex that hide the record inside the chain of heads. */
  readonly blind: string
}

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const MEMBERS = { id: text, epoch: count, seq: count, blind: digest }

/** Members of an emitter block that mean something. */
export const EMITTER_MEMBERS: ReadonlySet<string> = new Set(Object.keys(MEMBERS))

/** Reads the `emitter` a record came with; undefined when there is none or an error was noted. */
export function readEmitter(sent: JsonValue | undefined, examination: Examination): Emitter | undefined {
  if (sent === undefined || sent === null) return undefined
  const errorsBefore = examination.errors.length
  if (!isObject(sent)) examination.reject('wrong_type', '/emitter', 'expected an object')
  else checkMembers(sent, examination)
  if (examination.errors.length > errorsBefore) return undefined
  const { id, epoch, seq, blind } = sent as JsonObject & Emitter
  return { id, epoch, seq, blind }
}

function checkMembers(sent: JsonObject, examination: Examination): void {
  for (const [name, type] of Object.entries(MEMBERS)) {
    const value = memberOf(sent, name)
    const path = `/emitter/${name}`
    if (value === undefined || value === null)
      examination.reject('missing_field', path, `emitter.${name} is missing`)
    else readField(type, value, path, examination)
  }
  const id = memberOf(sent, 'id')
  if (typeof id === 'string' && !ID.test(id)) {
    examination.reject(
      'bad_value',
      '/emitter/id',
      'expected 1 to 64 letters, digits, dots, dashes or underscores',
    )
  }
}
