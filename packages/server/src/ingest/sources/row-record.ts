/** A record in the making: what was moved out of a row stands in its field, and all that was not stands in `metadata`. */
import {
  FormatError,
  isObject,
  type JsonObject,
  type JsonValue,
  pointerOf,
  readJson,
  type RecordKind,
  tokensOf,
} from '@deponent/format'
import { type Cell, cellOf, isEmpty, plain, setAt } from '../cells.ts'
import type { MappedRecord } from '../map-row.ts'
import type { SourceRow } from '../source-row.ts'

export class RowRecord {
  readonly #row: SourceRow
  readonly #value: JsonObject = {}
  readonly #coerced: string[] = []
  /** Names of columns, and paths into them, that are told of in a field. */
  readonly #taken = new Set<string>()

  constructor(row: SourceRow) {
    this.#row = row
  }

  /** What stands in a column or, with dots, inside of one; undefined when that is empty. It is told of in `metadata` all the same. */
  look(path: string): JsonValue | undefined {
    return this.#cell(path)?.value
  }

  /** The same, for a field that is made of it: it is told of there. */
  use(path: string): JsonValue | undefined {
    const value = this.look(path)
    if (value !== undefined) this.#taken.add(path)
    return value
  }

  /** A text that is there, or undefined. */
  text(path: string): string | undefined {
    const value = this.look(path)
    return typeof value === 'string' ? value : undefined
  }

  /** Moves the first of `paths` that is not empty into a field, given with dots. */
  move(field: string, ...paths: readonly string[]): this {
    return this.#put(field, this.#take(paths))
  }

  /** The same, for a cell that may hold JSON as text. */
  moveJson(field: string, ...paths: readonly string[]): this {
    const cell = this.#take(paths)
    return this.#put(field, cell && parsed(cell))
  }

  /** Says something that stands so in no column; nothing when there is no value. */
  say(field: string, value: JsonValue | undefined): this {
    return this.#put(field, value === undefined ? undefined : plain(value))
  }

  /** The same, with the numbers in it that were kept as text. */
  sayCell(field: string, cell: Cell | undefined): this {
    return this.#put(field, cell)
  }

  has(field: string): boolean {
    return Object.hasOwn(this.#value, field)
  }

  /**
   * The record, asserted by its source and with what is left of the row under `metadata`, by the name of the source.
   *
   * @param origin what the source itself calls it, where it is no decision
   */
  record(kind: RecordKind, source: string, origin?: string): MappedRecord {
    const left = leftOf(this.#row.values, this.#taken, '')
    if (left !== undefined)
      this.#put(`metadata.${source}`, {
        value: left,
        coerced: this.#row.coerced.filter((at) => isAt(left, at)),
      })
    this.say('basis', 'asserted')
    const reading = { value: this.#value, coerced: this.#coerced, faults: [] }
    return { kind, reading, ...(origin !== undefined && { origin }) }
  }

  #cell(path: string): Cell | undefined {
    const cell = cellOf(this.#row, path)
    return cell === undefined || isEmpty(cell.value) ? undefined : cell
  }

  #take(paths: readonly string[]): Cell | undefined {
    const path = paths.find((candidate) => this.#cell(candidate) !== undefined)
    if (path === undefined) return undefined
    this.#taken.add(path)
    return this.#cell(path)
  }

  #put(field: string, cell: Cell | undefined): this {
    if (cell === undefined) return this
    const target = field.split('.')
    setAt(this.#value, target, cell.value)
    for (const pointer of cell.coerced) this.#coerced.push(pointerOf(target) + pointer)
    return this
  }
}

/** What a text says in JSON, or the text itself where it is none. */
export function parsed(cell: Cell): Cell {
  if (typeof cell.value !== 'string') return cell
  try {
    const { value, coerced, faults } = readJson(cell.value)
    return faults.length === 0 ? { value, coerced } : cell
  } catch (error) {
    if (error instanceof FormatError) return cell
    throw error
  }
}

/** An object without what was taken out of it and without what is empty; undefined when nothing is left. */
function leftOf(object: JsonObject, taken: ReadonlySet<string>, above: string): JsonObject | undefined {
  const left: JsonObject = {}
  for (const [name, value] of Object.entries(object)) {
    const path = above + name
    if (taken.has(path) || isEmpty(value)) continue
    const part = isObject(value) ? leftOf(value, taken, `${path}.`) : value
    if (part !== undefined) setAt(left, [name], part)
  }
  return Object.keys(left).length === 0 ? undefined : left
}

function isAt(value: JsonValue, pointer: string): boolean {
  let found: JsonValue | undefined = value
  for (const name of tokensOf(pointer)) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return false
    found = (found as JsonObject)[name]
  }
  return true
}
