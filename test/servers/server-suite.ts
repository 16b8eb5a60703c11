/** Groups of tests that talk to a server which may not be on this machine. */
import { describe, test } from 'vitest'

/** Set where servers can be installed: there nothing may skip for want of one. */
const isInstallable = process.env['DEPONENT_CI'] !== undefined

/** A group that skips as one, with the reason, where its server is missing; where it can be installed, that is a failure. */
export function serverSuite(name: string, missing: string | undefined, body: () => void): void {
  if (missing === undefined) describe(name, body)
  else if (isInstallable)
    test(name, () => {
      throw new Error(missing)
    })
  else test(name, ({ skip }) => skip(missing))
}
