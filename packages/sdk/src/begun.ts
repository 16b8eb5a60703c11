/*
 * Calls whose end is not the return of a function: a stream that others read, a run that is told of in pieces. They are functions all
 * the same as far as the record goes: one whose promise waits for the end.
 */
import type { Deponent } from './client.ts'
import type { Decision } from './decision.ts'
import { taken } from './vendor.ts'

/** Ends a call with what it came to, which is asked for at once; after the first time nothing happens. */
export type End = (outcome: () => Partial<Decision>) => void

/**
 * Begins a call. `asked` gives the fields that are read from a request: what cannot be read of it is not recorded, and nobody else is
 * troubled. `input` becomes the field of that name.
 */
export function beginCall(
  audit: Deponent,
  known: Decision,
  asked: () => Partial<Decision>,
  input?: unknown,
): End {
  let end: End = () => undefined
  const ended = new Promise<() => Partial<Decision>>((resolve) => (end = resolve))
  void audit.wrap(() => ended, {
    ...readable(asked),
    ...known,
    input: input === undefined ? false : () => input,
    output: false,
    describe: (outcome) => ({ prediction: undefined, ...outcome() }),
  })()
  return end
}

function readable(asked: () => Partial<Decision>): Partial<Decision> {
  try {
    return taken(asked())
  } catch {
    return {}
  }
}
