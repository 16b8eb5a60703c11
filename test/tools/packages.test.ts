import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Runs a tool of this repository and returns what it said when it failed, or ''. */
function complaintsOf(tool: string, args: string[], cwd = ROOT): string {
  const run = spawnSync(join(ROOT, 'node_modules/.bin', tool), args, { cwd, encoding: 'utf8' })
  return run.status === 0 ? '' : run.stdout + run.stderr
}

const folderOf = (name: string) => join(ROOT, 'packages', name)

describe.each(['format', 'sdk', 'server'])('the package %s', (name) => {
  const folder = folderOf(name)

  test('is published with everything its manifest promises', (context) => {
    if (!existsSync(join(folder, 'dist'))) return context.skip('not built; npm test builds first')
    expect(complaintsOf('publint', ['--strict'], folder)).toBe('')
  })
})

describe.each(['format', 'sdk'])('the package %s', (name) => {
  const folder = folderOf(name)

  test('gives its types to whoever imports it', (context) => {
    if (!existsSync(join(folder, 'dist'))) return context.skip('not built; npm test builds first')
    expect(complaintsOf('attw', ['--pack', folder, '--profile', 'esm-only'])).toBe('')
  })
})
