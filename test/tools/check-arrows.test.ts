import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { checkArrows } from '../../tools/arrows/check.ts'
import { FORBIDDEN_ARROWS, FORBIDDEN_WORDS } from '../../tools/arrows/rules.ts'
import { scanSource } from '../../tools/arrows/scan.ts'

const roots: string[] = []
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true })
})

/** Writes a small repository and returns what the check says about it, one string per violation. */
function check(files: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'arrows-'))
  roots.push(root)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return checkArrows(root).map(({ file, arrow, why }) => `${file} | ${arrow} | ${why}`)
}

const server = (path: string) => `packages/server/src/${path}`

describe('the house as it stands', () => {
  test('has no forbidden arrow', () => {
    expect(checkArrows(fileURLToPath(new URL('../..', import.meta.url)))).toEqual([])
  })
})

describe('every forbidden arrow', () => {
  const cases: [name: string, file: string, source: string, arrow: string][] = [
    [
      'format knows nobody of ours',
      'packages/format/src/a.ts',
      `import { x } from '@deponent/sdk'`,
      'format/a.ts → sdk/index.ts',
    ],
    [
      'format takes no package but noble',
      'packages/format/src/a.ts',
      `import { z } from 'zod'`,
      'format/a.ts → npm:zod',
    ],
    [
      'format runs without Node',
      'packages/format/src/a.ts',
      `import { createHash } from 'node:crypto'`,
      'format/a.ts → node:crypto',
    ],
    [
      'format runs without Node, unprefixed',
      'packages/format/src/a.ts',
      `import 'fs'`,
      'format/a.ts → node:fs',
    ],
    [
      'the SDK brings no package along',
      'packages/sdk/src/a.ts',
      `import got from 'got'`,
      'sdk/a.ts → npm:got',
    ],
    [
      'the SDK brings no server along',
      'packages/sdk/src/a.ts',
      `import { serve } from 'deponent'`,
      'sdk/a.ts → server/index.ts',
    ],
    [
      'the SDK runs without Node',
      'packages/sdk/src/a.ts',
      `import { open } from 'node:fs/promises'`,
      'sdk/a.ts → node:fs/promises',
    ],
    [
      'the dashboard knows only format',
      'packages/dashboard/src/a.tsx',
      `import type { A } from 'deponent'`,
      'dashboard/a.tsx → server/index.ts',
    ],
    [
      'the server starts without the dashboard',
      server('api/a.ts'),
      `import d from '@deponent/dashboard'`,
      'server/api/a.ts → dashboard/index.ts',
    ],
    [
      'platform knows nobody inside',
      server('platform/a.ts'),
      `import { L } from '../ledger/l.ts'`,
      'server/platform/a.ts → server/ledger/l.ts',
    ],
    [
      'the ledger never knows the vault',
      server('ledger/a.ts'),
      `import type { V } from '../vault/v.ts'`,
      'server/ledger/a.ts → server/vault/v.ts',
    ],
    [
      'the ledger never knows the projection',
      server('ledger/a.ts'),
      `export { p } from '../projection/p.ts'`,
      'server/ledger/a.ts → server/projection/p.ts',
    ],
    [
      'the vault never knows the projection',
      server('vault/a.ts'),
      `const p = await import('../projection/p.ts')`,
      'server/vault/a.ts → server/projection/p.ts',
    ],
    [
      'the projection never knows the ledger',
      server('projection/a.ts'),
      `type L = import('../ledger/l.ts').L`,
      'server/projection/a.ts → server/ledger/l.ts',
    ],
    [
      'ingest knows no vault',
      server('ingest/a.ts'),
      `import { V } from '../vault/v.ts'`,
      'server/ingest/a.ts → server/vault/v.ts',
    ],
    [
      'ingest knows no disk',
      server('ingest/a.ts'),
      `import { disk } from '../platform/disk.ts'`,
      'server/ingest/a.ts → server/platform/disk.ts',
    ],
    [
      'access knows no records',
      server('access/a.ts'),
      `import { L } from '../ledger/l.ts'`,
      'server/access/a.ts → server/ledger/l.ts',
    ],
    [
      'what is paid depends on no part that runs',
      server('cost/a.ts'),
      `import { D } from '../platform/disk.ts'`,
      'server/cost/a.ts → server/platform/disk.ts',
    ],
    [
      'a replay is judged without whoever ran it',
      server('reproduction/a.ts'),
      `import { P } from '../platform/line-program.ts'`,
      'server/reproduction/a.ts → server/platform/line-program.ts',
    ],
    [
      'sizes are not asked of the index',
      server('sizes/a.ts'),
      `import { P } from '../projection/index.ts'`,
      'server/sizes/a.ts → server/projection/index.ts',
    ],
    [
      'privacy looks at no record',
      server('privacy/a.ts'),
      `import { R } from '../recording/r.ts'`,
      'server/privacy/a.ts → server/recording/r.ts',
    ],
    [
      'classifying knows no keyring',
      server('vault/classify/a.ts'),
      `import { K } from '../keyring.ts'`,
      'server/vault/classify/a.ts → server/vault/keyring.ts',
    ],
    [
      'recording knows no projection',
      server('recording/a.ts'),
      `import { p } from '../projection/p.ts'`,
      'server/recording/a.ts → server/projection/p.ts',
    ],
    [
      'a check distrusts the writer',
      server('check/a.ts'),
      `import { L } from '../ledger/ledger.ts'`,
      'server/check/a.ts → server/ledger/ledger.ts',
    ],
    [
      'the statistics core imports nothing',
      server('monitor/statistics/a.ts'),
      `import { x } from '@deponent/format'`,
      'server/monitor/statistics/a.ts → format/index.ts',
    ],
    [
      'nothing below HTTP knows the routes',
      server('recording/a.ts'),
      `import { r } from '../api/r.ts'`,
      'server/recording/a.ts → server/api/r.ts',
    ],
    [
      'which ledgers run does not depend on who asks',
      server('hosting/a.ts'),
      `import { r } from '../api/r.ts'`,
      'server/hosting/a.ts → server/api/r.ts',
    ],
    [
      'a ledger does not know its siblings',
      server('recording/a.ts'),
      `import { h } from '../hosting/h.ts'`,
      'server/recording/a.ts → server/hosting/h.ts',
    ],
    [
      'nobody imports the list of choices back',
      server('api/a.ts'),
      `import { app } from '../app.ts'`,
      'server/api/a.ts → server/app.ts',
    ],
    [
      'a part does not know the whole ledger',
      server('recording/a.ts'),
      `import { t } from '../tenant.ts'`,
      'server/recording/a.ts → server/tenant.ts',
    ],
    [
      'nobody depends on a command',
      server('api/a.ts'),
      `import { c } from '../cli/c.ts'`,
      'server/api/a.ts → server/cli/c.ts',
    ],
    [
      'only platform touches the disk',
      server('api/a.ts'),
      `import { readFileSync } from 'node:fs'`,
      'server/api/a.ts → node:fs',
    ],
    [
      'only platform touches the disk, promised',
      server('cli/a.ts'),
      `import { readFile } from 'node:fs/promises'`,
      'server/cli/a.ts → node:fs/promises',
    ],
    [
      'only platform opens the database',
      server('recording/a.ts'),
      `import { DatabaseSync } from 'node:sqlite'`,
      'server/recording/a.ts → node:sqlite',
    ],
    [
      'only platform starts threads',
      server('ledger/a.ts'),
      `import { Worker } from 'node:worker_threads'`,
      'server/ledger/a.ts → node:worker_threads',
    ],
    [
      'only platform listens',
      server('api/a.ts'),
      `import { serve } from '@hono/node-server'`,
      'server/api/a.ts → npm:@hono/node-server',
    ],
    [
      'only platform asks a key management service',
      server('vault/a.ts'),
      `import { KMSClient } from '@aws-sdk/client-kms'`,
      'server/vault/a.ts → npm:@aws-sdk/client-kms',
    ],
    [
      'evidence comes from ledger and vault themselves',
      server('evidence/a.ts'),
      `import { p } from '../projection/p.ts'`,
      'server/evidence/a.ts → server/projection/p.ts',
    ],
    [
      'what is erased is found in ledger and vault',
      server('erasure/a.ts'),
      `import '../projection/p.ts'`,
      'server/erasure/a.ts → server/projection/p.ts',
    ],
    [
      'rights come from the records, never from an index of them',
      server('rights/a.ts'),
      `import '../projection/p.ts'`,
      'server/rights/a.ts → server/projection/p.ts',
    ],
    [
      'how months are counted depends on nothing of ours',
      server('calendar/a.ts'),
      `import '../ledger/l.ts'`,
      'server/calendar/a.ts → server/ledger/l.ts',
    ],
    [
      'spans wait without anything that answers questions',
      server('traces/a.ts'),
      `import { x } from '../projection/p.ts'`,
      'server/traces/a.ts → server/projection/p.ts',
    ],
    [
      'the label of a decision follows from records alone',
      server('labelling/a.ts'),
      `import '../projection/p.ts'`,
      'server/labelling/a.ts → server/projection/p.ts',
    ],
    [
      'what stood behind a decision is told from records alone',
      server('lineage/a.ts'),
      `import '../projection/p.ts'`,
      'server/lineage/a.ts → server/projection/p.ts',
    ],
    [
      'how settings are kept does not depend on what they are about',
      server('settings/a.ts'),
      `import '../privacy/p.ts'`,
      'server/settings/a.ts → server/privacy/p.ts',
    ],
    [
      'a note knows neither who left it nor who reads it',
      server('recovery/a.ts'),
      `import { x } from '../backup/backup.ts'`,
      'server/recovery/a.ts → server/backup/backup.ts',
    ],
    [
      'a copy is made of stored bytes, whatever was recorded',
      server('offsite/a.ts'),
      `import { x } from '../recording/recorder.ts'`,
      'server/offsite/a.ts → server/recording/recorder.ts',
    ],
    [
      'what has had its time is judged by the record itself',
      server('expiry/a.ts'),
      `import '../projection/p.ts'`,
      'server/expiry/a.ts → server/projection/p.ts',
    ],
    [
      'when something goes is decided by policies and dates alone',
      server('retention/a.ts'),
      `import '../vault/v.ts'`,
      'server/retention/a.ts → server/vault/v.ts',
    ],
    [
      'the page in an evidence file is the verifier and nothing else',
      'packages/dashboard/src/evidence/a.ts',
      `import { useState } from 'react'`,
      'dashboard/evidence/a.ts → npm:react',
    ],
    [
      'a search for what is left does not ask who erases',
      server('residue/a.ts'),
      `import { x } from '../erasure/erasures.ts'`,
      'server/residue/a.ts → server/erasure/erasures.ts',
    ],
    [
      'nobody leans on the search for what is left',
      server('hosting/a.ts'),
      `import { x } from '../residue/residue.ts'`,
      'server/hosting/a.ts → server/residue/residue.ts',
    ],
    [
      'a backup is made of the bytes that lie there',
      server('backup/a.ts'),
      `import { x } from '../recording/recorder.ts'`,
      'server/backup/a.ts → server/recording/recorder.ts',
    ],
    [
      'what serves a ledger does not know its copies',
      server('hosting/a.ts'),
      `import { x } from '../backup/backup.ts'`,
      'server/hosting/a.ts → server/backup/backup.ts',
    ],
    [
      'conformance is judged by the format alone',
      server('conformance/a.ts'),
      `import { t } from '../ledger/tree.ts'`,
      'server/conformance/a.ts → server/ledger/tree.ts',
    ],
    [
      'nothing that keeps a ledger knows how to forge one',
      server('ledger/a.ts'),
      `import { d } from '../drill/d.ts'`,
      'server/ledger/a.ts → server/drill/d.ts',
    ],
  ]

  test.each(cases)('%s', (_name, file, source, arrow) => {
    const found = check({ [file]: source })
    expect(found.map((line) => line.split(' | ')[1])).toContain(arrow)
  })

  test('is written with a reason', () => {
    for (const rule of [...FORBIDDEN_ARROWS, ...FORBIDDEN_WORDS]) expect(rule.why.length).toBeGreaterThan(20)
  })

  test('is shown to fire by a case above', () => {
    const reasons = cases.flatMap(([, file, source]) => check({ [file]: source }))
    for (const { why } of FORBIDDEN_ARROWS)
      expect(reasons.filter((line) => line.endsWith(why))).not.toEqual([])
  })
})

describe('every forbidden word', () => {
  test.each([
    ['Date.now()', 'the wall clock'],
    ['new Date()', 'the wall clock'],
    ['new Date', 'the wall clock'],
    ['Date()', 'the wall clock'],
    ['performance.now()', 'the monotonic clock'],
    ['process.hrtime.bigint()', 'the monotonic clock'],
    ['setTimeout(f, 1)', 'a timer'],
    ['setInterval(f, 1)', 'a timer'],
    ['setImmediate(f)', 'a timer'],
    ['AbortSignal.timeout(5)', 'a timer'],
    ['Math.random()', 'randomness'],
    ['crypto.randomBytes(4)', 'randomness'],
    ['crypto.randomUUID()', 'randomness'],
    ['crypto.getRandomValues(a)', 'randomness'],
    ['generateKeyPairSync(kind)', 'randomness'],
    ['fetch(url)', 'the network'],
    ['new WebSocket(url)', 'the network'],
    ['createRequire(import.meta.url)', 'a hidden import'],
    ['process.getBuiltinModule(name)', 'a hidden import'],
  ])('%s is caught outside platform and allowed inside', (source, word) => {
    const [line, ...rest] = check({ [server('ledger/a.ts')]: `\nexport const x = () => ${source}\n` })
    expect(line).toContain(`packages/server/src/ledger/a.ts:2 | server/ledger/a.ts → ${word}`)
    expect(rest).toEqual([])
    expect(check({ [server('platform/a.ts')]: `export const x = () => ${source}\n` })).toEqual([])
    expect(check({ 'packages/format/src/a.ts': `export const x = () => ${source}\n` })).toHaveLength(1)
  })

  test.each([
    'new Date(at).toISOString()',
    "'Date.now()'",
    '`waits for Date.now()`',
    '/Math.random()/.test(x)',
    'app.fetch(request)',
    'clock.setTimeout(1)',
    'Date.parse(text)',
    'x // Date.now()',
  ])('%s is left alone', (source) => {
    expect(check({ [server('ledger/a.ts')]: `export const y = (x: string) => ${source}\n` })).toEqual([])
  })
})

describe('cycles', () => {
  test('between two files are named file by file, imports of types included', () => {
    const found = check({
      [server('ledger/a.ts')]: `import { b } from './b.ts'`,
      [server('ledger/b.ts')]: `import type { C } from './c.ts'`,
      [server('ledger/c.ts')]: `import type { A } from './a.ts'`,
    })
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(
      'server/ledger/a.ts → server/ledger/b.ts → server/ledger/c.ts → server/ledger/a.ts',
    )
  })

  test('of a file with itself are named', () => {
    expect(check({ [server('ledger/a.ts')]: `import { a } from './a.ts'` })).toHaveLength(1)
  })

  test('between two folders are named even when no two files form one', () => {
    const found = check({
      'packages/format/src/tree/a.ts': `import { x } from '../hash/x.ts'`,
      'packages/format/src/hash/y.ts': `import { z } from '../tree/z.ts'`,
    })
    expect(found).toHaveLength(1)
    expect(found[0]).toContain('format/hash → format/tree → format/hash')
  })

  test('are not made by a folder and a folder inside it', () => {
    const found = check({
      [server('ledger/wal/a.ts')]: `import type { x } from '../x.ts'`,
      [server('ledger/y.ts')]: `import { z } from './wal/z.ts'`,
    })
    expect(found).toEqual([])
  })
})

describe('names', () => {
  test.each(['utils', 'common', 'shared', 'core', 'lib', 'helpers'])(
    'no folder or file is called %s',
    (name) => {
      expect(check({ [`packages/sdk/src/${name}/a.ts`]: '' })[0]).toContain(`packages/sdk/src/${name} |`)
      expect(check({ [`test/${name}.ts`]: '' })[0]).toContain(`test/${name}.ts |`)
    },
  )

  test('that only contain such a word are left alone', () => {
    expect(check({ 'packages/sdk/src/shared-key.ts': '' })).toEqual([])
  })
})

describe('the edges of the check', () => {
  test('an area of the server without a row is asked for its row', () => {
    expect(check({ [server('warehouse/a.ts')]: '' })[0]).toContain('server/warehouse → ?')
  })

  test('a module named only at run time is refused', () => {
    expect(check({ [server('api/a.ts')]: 'await import(name)' })[0]).toContain('a computed name')
  })

  test('a package is imported by its name, never by its path', () => {
    const found = check({ [server('api/a.ts')]: `import { x } from '../../../format/src/x.ts'` })
    expect(found[0]).toContain('packages meet at their names')
  })

  test('an empty repository has nothing to say', () => {
    expect(check({})).toEqual([])
  })
})

describe('the import scanner', () => {
  const specifiers = (source: string) => scanSource(source).imports.map((found) => found.specifier)

  test.each<[string, string[]]>([
    [`import a, { b as c, type D } from "m"`, ['m']],
    [`import * as a from 'm'`, ['m']],
    [`import type { A } from 'm'`, ['m']],
    [`import {\n  a, // from 'x'\n  b,\n} from 'm'`, ['m']],
    [`export * from 'm'\nexport type { A } from 'n'`, ['m', 'n']],
    [`export const a = 1\nimport 'm'`, ['m']],
    [`const a = await import('m')`, ['m']],
    [`const a = require('m')`, ['m']],
    [`import data from './x.json' with { type: 'json' }`, ['./x.json']],
    [`const text = "import x from 'm'"`, []],
    ['const text = `import x from "m" ${`${a}`} import("n")`', []],
    ["const text = `${await import('m')}`", ['m']],
    ["const text = `${{ a: {} }}`; import 'm'", ['m']],
    [`/* import 'm' */ // import 'n'`, []],
    [`const re = /["'/]/; import 'm'`, ['m']],
    [`const half = a / b; import 'm' // '`, ['m']],
    [`<p>Don't worry</p>\nimport 'm'`, ['m']],
    [`Array.from('m')`, []],
    [`const s = 'it\\'s'; import 'm'`, ['m']],
  ])('%s', (source, expected) => {
    expect(specifiers(source)).toEqual(expected)
  })

  test('tells the line of an import', () => {
    expect(scanSource(`/* one\ntwo */\nimport 'm'`).imports).toEqual([{ specifier: 'm', line: 3 }])
  })
})
