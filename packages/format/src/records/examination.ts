import type { JsonFault } from '../json/read.ts'
import { COERCED_MAX } from '../json/read.ts'

/** Why a record is refused. Neither path nor message ever echoes a value. */
export interface RecordError {
  /**
   * missing_field · wrong_type · out_of_range · bad_value · bad_time · too_long, or the code of a fault
   * of the text: duplicate_key · lone_surrogate · number_overflow · bad_json · bad_utf8
   */
  readonly code: string
  /** JSON pointer, in the sender's spelling of the fields. */
  readonly path: string
  readonly message: string
}

/** Errors kept per record: one is enough to refuse it, some more help its sender. */
const ERRORS_MAX = 64

/** What is found out about one record while its fields are read. Paths are the sender's. */
export class Examination {
  readonly errors: RecordError[]
  /** Where a member was given its other spelling: sender's path → new last name. */
  readonly renamed = new Map<string, string>()
  /** Paths of numbers that are text; most records have none, hence no set. */
  private coerced: Set<string> | undefined

  constructor(coerced: readonly string[], faults: readonly JsonFault[]) {
    this.errors = faults.map(({ code, path, message }) => ({ code, path, message }))
    this.coerced = coerced.length === 0 ? undefined : new Set(coerced)
  }

  /** Notes an error; only the first of a path, since the others follow from it. */
  reject(code: string, path: string, message: string): void {
    if (this.errors.length >= ERRORS_MAX || this.errors.some((error) => error.path === path)) return
    this.errors.push({ code, path, message })
  }

  /** Whether the text found here was written as a number. */
  isCoerced(path: string): boolean {
    return this.coerced !== undefined && this.coerced.has(path)
  }

  /** Says that the number found here becomes text. Beyond the limit the record has too many leaves anyway. */
  coerce(path: string): void {
    this.coerced ??= new Set()
    if (this.coerced.size < COERCED_MAX) this.coerced.add(path)
  }

  coercedPaths(): string[] {
    return this.coerced === undefined ? [] : [...this.coerced]
  }
}
