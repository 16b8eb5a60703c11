/** Gives each test file a folder of its own for what it writes, and removes it after the file's last hook. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const outside = tmpdir()
const scratch = mkdtempSync(join(outside, 'f-'))
process.env.TMPDIR = scratch

// Hooks run in the reverse order of their declaration, so this one runs last.
afterAll(() => {
  process.env.TMPDIR = outside
  // A server that was just killed may write a moment longer; what it leaves goes with the folder of the run.
  rmSync(scratch, { recursive: true, force: true, maxRetries: 3 })
})
