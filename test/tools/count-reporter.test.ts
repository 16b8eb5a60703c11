import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const VITEST = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))
const REPORTER = fileURLToPath(new URL('../../tools/count-reporter.ts', import.meta.url))

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'count-'))
})
afterAll(() => rmSync(root, { recursive: true }))

test('a run ends with what passed, failed and was skipped, broken files and hooks counted as failures', () => {
  writeFileSync(
    join(root, 'some.test.js'),
    `test('passes', () => {})
     test('fails', () => { throw new Error('no') })
     test('has no server', (context) => context.skip('no server here'))
     describe('a hook that throws', () => { beforeAll(() => { throw new Error('no') }); test('never runs', () => {}) })`,
  )
  writeFileSync(join(root, 'broken.test.js'), `import './nothing-here.js'`)

  const run = spawnSync(process.execPath, [VITEST, 'run', '--globals', '--reporter', REPORTER], {
    cwd: root,
    encoding: 'utf8',
  })

  expect(run.stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 3 failed, 2 skipped')
  expect(run.status).toBe(1)
  const count = JSON.parse(readFileSync(join(root, '.cache/test-count.json'), 'utf8'))
  expect(count).toMatchObject({ passed: 1, failed: 3, skipped: 2 })
  expect(count.skips).toContainEqual({ test: 'some.test.js: has no server', why: 'no server here' })
})
