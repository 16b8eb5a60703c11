/** What may be said of an error nobody foresaw: its message may quote whatever was being worked on, so it is not said. */

/** An error without the words it came with. */
export interface Failure {
  readonly name: string
  /** The system's or the library's short word for it. */
  readonly code?: string
  /** Only of errors whose class is known to say nothing of what was recorded. */
  readonly message?: string
  /** Where in the code it happened, innermost first. */
  readonly at: readonly string[]
  readonly cause?: Failure
}

/** A class of errors whose messages hold words of ours and nothing else. */
export type PlainSpoken = abstract new (...args: never[]) => Error

const FRAMES_MAX = 30
const CAUSES_MAX = 4
const WORD = /^[\w.-]{1,64}$/
/** What stands before the message: the name, the code in brackets. */
const HEAD = /^[\w.$]{0,64}(?: \[\w{1,64}\])?(?:: )?$/
const FRAME = /^ {4}at .*(?:file:\/\/|node:|\/).*:\d+:\d+\)?$/

/** Describes an error for diagnostics; `plain` are the classes whose messages may be repeated. */
export function failureOf(error: unknown, plain: readonly PlainSpoken[] = [], depth = 0): Failure {
  if (!(error instanceof Error)) return { name: typeof error, at: [] }
  const code =
    'code' in error && typeof error.code === 'string' && WORD.test(error.code) ? error.code : undefined
  return {
    name: WORD.test(error.name) ? error.name : 'Error',
    ...(code !== undefined && { code }),
    ...(plain.some((kind) => error instanceof kind) && { message: error.message }),
    at: framesOf(error),
    ...(error.cause !== undefined &&
      depth < CAUSES_MAX && { cause: failureOf(error.cause, plain, depth + 1) }),
  }
}

/**
 * The frames of a stack, without the message above them. A message can look like frames itself, so it is cut off by its length;
 * where it is not what the stack begins with, nothing of the stack is kept.
 */
function framesOf({ message, stack }: Error): string[] {
  if (typeof stack !== 'string' || typeof message !== 'string') return []
  const start = message === '' ? stack.search(/\n|$/) : stack.indexOf(message)
  if (start < 0 || !HEAD.test(stack.slice(0, start))) return []
  return (
    stack
      .slice(start + message.length)
      .split('\n')
      // What follows the message on its own line belongs to it.
      .slice(1)
      .filter((line) => FRAME.test(line))
      .slice(0, FRAMES_MAX)
      .map((line) => line.trim().slice('at '.length))
  )
}

/** Errors whose words V8 or Node chose: they quote the value that was wrong. Plain ones come from here or from the system. */
const QUOTING = [SyntaxError, TypeError, RangeError, ReferenceError, URIError, EvalError] as const

/** Why something failed, in words that can be kept: the error's own where they are ours or the system's, else what kind it was. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown failure'
  if (!QUOTING.some((kind) => error instanceof kind)) return error.message
  const { name, code } = failureOf(error)
  return code === undefined ? name : `${name} ${code}`
}
