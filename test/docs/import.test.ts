import { cpSync, existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { SOURCES } from '../../packages/server/src/ingest/sources/sources.ts'
import { ROOT, textOf } from './tree.ts'

const PAGE = textOf('docs/import.md')
const BIN = join(ROOT, 'packages/server/bin/deponent.mjs')
const isBuilt = existsSync(join(ROOT, 'packages/server/dist/cli/main.js'))

/** Every command of the page that only looks. */
const looks = [...PAGE.matchAll(/^npx deponent import (.*) --dry-run$/gm)].map(([, args = '']) => args)

describe.skipIf(!isBuilt && process.env.DEPONENT_CI !== '1')('docs/import.md', () => {
  const files = mkdtempSync(join(tmpdir(), 'import-guide-'))
  cpSync(join(ROOT, 'test/fixtures/import'), files, { recursive: true })

  test.each(looks)('what it shows can be typed: deponent import %s --dry-run', (args) => {
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      [BIN, 'import', ...args.split(' '), '--dry-run'],
      {
        cwd: files,
        encoding: 'utf8',
      },
    )
    // Some of the files have a bad line, as files do.
    expect([status === 0 || status === 1, stderr, stdout]).toEqual([
      true,
      stderr,
      expect.stringMatching(/nothing was recorded$/m),
    ])
    expect(stdout).toMatch(/^\d+ lines: [1-9]\d* records/m)
  })

  test('names every source there is', () => {
    const unnamed = SOURCES.filter(({ name }) => !PAGE.includes(name))
    expect(unnamed.map(({ name }) => name)).toEqual([])
  })
})
