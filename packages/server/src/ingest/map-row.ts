import { canonicalJson, FormatError, pointerOf, readJson } from '@deponent/format'
import type { JsonObject, JsonReading, JsonValue, RecordKind } from '@deponent/format'
import { type Cell, cellOf, isEmpty, plain, setAt } from './cells.ts'
import type { ReadingError } from './decode.ts'
import { requiredColumns } from './mapping.ts'
import type { FieldSource, FieldType, MappedField, Mapping, TemplatePart } from './mapping.ts'
import type { SourceRow } from './source-row.ts'

/** One record made of a row, ready to be normalised. */
export interface MappedRecord {
  kind: RecordKind
  reading: JsonReading
  /** What its source calls it, where that is not said by a field. */
  origin?: string
}

/** The records of one row, the decision first; or why this row makes none. */
export type MappedRow =
  | { records: MappedRecord[]; error?: undefined }
  | { records?: undefined; error: ReadingError }

/** Prepares `mapping` for many rows. A row is all or nothing: one bad cell, and none of its records is made. */
export function rowMapper(mapping: Mapping): (row: SourceRow) => MappedRow {
  const required = requiredColumns(mapping)
  return (row) => {
    try {
      for (const column of required) checkColumn(column, row)
      return { records: recordsOf(mapping, row) }
    } catch (error) {
      if (!(error instanceof CellError)) throw error
      return { error: { code: error.code, path: '', message: `line ${row.line}: ${error.message}` } }
    }
  }
}

/** A cell that cannot become its field. The message names the column, never the cell's content. */
class CellError extends Error {
  readonly code: string

  constructor(code: string, column: string, problem: string) {
    super(`column "${column}" ${problem}`)
    this.code = code
  }
}

function checkColumn(column: string, row: SourceRow): void {
  if (cellOf(row, column) === undefined) {
    throw new CellError('missing_column', column, 'is not there (a field with "optional": true may lack it)')
  }
}

function recordsOf(mapping: Mapping, row: SourceRow): MappedRecord[] {
  const main = readingOf(mapping.fields, row)
  const records = [{ kind: mapping.kind, reading: main }]
  for (const { kind, fields } of mapping.then) {
    const reading = readingOf(fields, row, aboutDecision(main, mapping))
    records.push({ kind, reading })
  }
  return records
}

/** What a further record says about its decision: enough to find it again. */
function aboutDecision({ value }: JsonReading, mapping: Mapping): JsonObject {
  const { decisionId, system } = value as JsonObject
  if (decisionId === undefined) {
    const source = mapping.fields.find(({ target }) => target.join('.') === 'decisionId')?.source
    throw new CellError(
      'missing_decision_id',
      firstColumn(source),
      'is empty and other records need its decisionId',
    )
  }
  return system === undefined ? { decisionId } : { decisionId, system }
}

function firstColumn(source: FieldSource | undefined): string {
  if (source === undefined || 'const' in source) return 'decisionId'
  if ('from' in source) return source.from
  return source.template.flatMap((part) => ('from' in part ? [part.from] : []))[0] ?? 'decisionId'
}

function readingOf(fields: readonly MappedField[], row: SourceRow, given: JsonObject = {}): JsonReading {
  const value: JsonObject = { ...given }
  const coerced: string[] = []
  for (const { target, source } of fields) {
    const cell = mappedCell(source, row)
    if (cell === undefined) continue
    setAt(value, target, cell.value)
    for (const pointer of cell.coerced) coerced.push(pointerOf(target) + pointer)
  }
  return { value, coerced, faults: [] }
}

function mappedCell(source: FieldSource, row: SourceRow): Cell | undefined {
  if ('const' in source) return plain(source.const)
  if ('template' in source) return filledTemplate(source.template, row)
  const cell = cellOf(row, source.from)
  if (cell === undefined || isEmpty(cell.value)) return undefined
  if (source.map !== undefined) return mapped(source.from, source.map, cell.value)
  if (source.type === undefined) return cell
  const typed = typedCell(source.from, source.type, cell)
  return source.divideBy === undefined ? typed : divided(source.from, typed, source.divideBy)
}

function filledTemplate(parts: readonly TemplatePart[], row: SourceRow): Cell | undefined {
  let text = ''
  for (const part of parts) {
    const value = 'text' in part ? part.text : cellOf(row, part.from)?.value
    if (value === undefined || isEmpty(value)) return undefined
    text += textOf(value)
  }
  return plain(text)
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : canonicalJson(value)
}

function mapped(column: string, map: ReadonlyMap<string, JsonValue>, value: JsonValue): Cell {
  const replacement = map.get(textOf(value))
  if (replacement === undefined)
    throw new CellError('unmapped_value', column, 'holds a value its "map" does not list')
  return plain(replacement)
}

function divided(column: string, cell: Cell, divideBy: number): Cell {
  if (typeof cell.value === 'number') return plain(cell.value / divideBy)
  throw new CellError('bad_number', column, 'holds a number too large to be divided exactly')
}

function typedCell(column: string, type: FieldType, cell: Cell): Cell {
  const text = textOf(cell.value)
  if (type === 'string') return plain(text)
  if (type === 'boolean') return plain(booleanOf(column, text))
  return type === 'json' ? jsonOf(column, cell) : numberOf(column, type, text.trim())
}

const booleans: Record<string, boolean> = {
  true: true,
  false: false,
  1: true,
  0: false,
  yes: true,
  no: false,
}

function booleanOf(column: string, text: string): boolean {
  const word = text.trim().toLowerCase()
  const value = Object.hasOwn(booleans, word) ? booleans[word] : undefined
  if (value === undefined) throw new CellError('bad_boolean', column, 'is none of true, false, 1, 0, yes, no')
  return value
}

/** JSON's number grammar, so that huge and over-precise numbers are kept as text exactly as in a JSON record. */
function numberOf(column: string, type: 'integer' | 'number', text: string): Cell {
  const grammar = type === 'integer' ? /^-?(0|[1-9]\d*)$/ : /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/
  const problem = type === 'integer' ? 'is not an integer' : 'is not a number'
  if (!grammar.test(text)) throw new CellError(`bad_${type}`, column, problem)
  const { value, coerced, faults } = readJson(text)
  if (faults.length > 0) throw new CellError(`bad_${type}`, column, problem)
  return { value, coerced }
}

function jsonOf(column: string, cell: Cell): Cell {
  if (typeof cell.value !== 'string') return cell
  try {
    const { value, coerced, faults } = readJson(cell.value)
    if (faults.length === 0) return { value, coerced }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
  }
  throw new CellError('bad_json', column, 'is not JSON')
}
