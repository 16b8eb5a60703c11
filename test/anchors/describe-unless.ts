import { describe, test } from 'vitest'

/** A group of tests that skips as one, with the reason, where something it needs is not at hand. */
export function describeUnless(missing: string | undefined, name: string, body: () => void): void {
  if (missing === undefined) describe(name, body)
  else test(name, ({ skip }) => skip(missing))
}
