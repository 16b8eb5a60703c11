/*
 * What a call came to, read from what it threw or gave back.
 */
import type { Decision } from './decision.ts'

type Status = NonNullable<Decision['status']>

/** What a record says of a call that threw. */
export function failureOf(error: unknown): Partial<Decision> {
  return { status: statusOfError(error), error: describedError(error) }
}

/** `timeout` for what says so by its name or code; everything else, an abort included, is an `error` that `error.type` names. */
function statusOfError(error: unknown): Status {
  try {
    if (typeof error !== 'object' || error === null) return 'error'
    const { name, code } = error as { name?: unknown; code?: unknown }
    const isTimeout = [name, code].some((word) => typeof word === 'string' && /time(d_?)?out/i.test(word))
    return isTimeout ? 'timeout' : 'error'
  } catch {
    return 'error'
  }
}

/**
 * `refused` where a model says that it will not answer, in the words of the vendors: `stop_reason: "refusal"`, a `refusal`,
 * `finish_reason: "content_filter"`. Otherwise `ok`.
 */
export function statusOfResult(result: unknown): Status {
  return isRefusal(result, 0) ? 'refused' : 'ok'
}

const REASONS = new Set(['refusal', 'content_filter', 'content-filter'])

function isRefusal(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null || depth > 2) return false
  try {
    const { stop_reason, finish_reason, finishReason, refusal, message, choices } = value as Record<
      string,
      unknown
    >
    if ([stop_reason, finish_reason, finishReason].some((reason) => REASONS.has(String(reason)))) return true
    if (typeof refusal === 'string' && refusal !== '') return true
    const first: unknown = Array.isArray(choices) ? choices[0] : undefined
    return isRefusal(message, depth + 1) || isRefusal(first, depth + 1)
  } catch {
    return false
  }
}

/** Name and message of what was thrown. */
export function describedError(error: unknown): { type: string; message: string } {
  try {
    if (typeof error === 'object' && error !== null && 'message' in error) {
      const { name, message } = error as { name?: unknown; message?: unknown }
      return { type: typeof name === 'string' && name !== '' ? name : 'Error', message: String(message) }
    }
    return { type: typeof error, message: typeof error === 'string' ? error : '' }
  } catch {
    return { type: 'Error', message: '[unreadable]' }
  }
}
