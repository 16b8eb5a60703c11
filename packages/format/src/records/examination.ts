import type { JsonFault } from '../json/read.ts'

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

/** What is found out about one record while its fields are read. Paths are the sender's. */
export class Examination {
  readonly errors: RecordError[]
  /** Where a member was given its other spelling: sender's path → new last name. */
  readonly renamed = new Map<string, string>()
  private readonly coerced: Set<string>
  private readonly faulty: Set<string>

  constructor(coerced: readonly string[], faults: readonly JsonFault[]) {
    this.errors = faults.map(({ code, path, message }) => ({ code, path, message }))
    this.coerced = new Set(coerced)
    this.faulty = new Set(faults.map(({ path }) => path))
  }

  /** Notes an error, unless the text itself was already faulty there. */
  reject(code: string, path: string, message: string): void {
    if (!this.faulty.has(path)) this.errors.push({ code, path, message })
  }

  /** Whether the text found here was written as a number. */
  isCoerced(path: string): boolean {
    return this.coerced.size > 0 && this.coerced.has(path)
  }

  /** Says that the number found here becomes text. */
  coerce(path: string): void {
    this.coerced.add(path)
  }

  coercedPaths(): Iterable<string> {
    return this.coerced
  }
}
