/** A question that cannot be answered as asked. Says what was expected and what kind of thing came; never echoes it. */
export class QueryError extends Error {
  /** Stable snake_case. */
  readonly code: string
  /** The parameter it is about. */
  readonly field: string
  readonly expected: string
  /** What came instead, in words: `text`, `nothing`, `a number`. */
  readonly came: string

  constructor(code: string, field: string, expected: string, came: string) {
    super(`${field}: expected ${expected}, got ${came}`)
    this.code = code
    this.field = field
    this.expected = expected
    this.came = came
  }
}

/** The index has fewer entries than the question is bound to, because it is being filled again. Ask later. */
export class IndexBehind extends Error {
  constructor() {
    super('the index is being filled again')
  }
}

/** A question took more time or memory than it may. */
export class QueryTooHeavy extends Error {
  readonly code: 'time_limit' | 'memory_limit'

  constructor(code: 'time_limit' | 'memory_limit') {
    super(
      code === 'time_limit'
        ? 'the question took longer than it may'
        : 'the question needed more memory than it may use',
    )
    this.code = code
  }
}

/** What a parameter's text is, in words fit for an error message. */
export function cameType(text: string | undefined): string {
  if (text === undefined) return 'nothing'
  if (text.trim() === '') return 'empty text'
  return Number.isFinite(Number(text)) ? 'a number' : 'text'
}
