import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, test } from 'vitest'
import { AUDIT, MAPPING_VERSION } from '../../packages/server/src/ingest/otlp/map-span.ts'
import { ROLLUP_VERSION } from '../../packages/server/src/ingest/otlp/trace-tree.ts'
import { missingForShell } from './shell-page.ts'
import { ROOT, textOf } from './tree.ts'

const PAGE = textOf('docs/otel.md')
const BIN = join(ROOT, 'packages/server/bin/deponent.mjs')

test('the ten minutes of docs/otel.md end in a decision', async (context) => {
  const reason = missingForShell()
  if (reason !== undefined) return context.skip(reason)
  const [section = ''] = PAGE.split(/^## What is promised$/m)
  const blocks = [...section.matchAll(/^```(?:sh|js)\n(.*?)^```$/gms)].map(([, text = '']) => text)
  const [serve = '', clerk = '', tell = '', ask = '', ...rest] = blocks
  expect(rest).toEqual([])
  const home = mkdtempSync(join(tmpdir(), 'otel-guide-'))
  symlinkSync(join(ROOT, 'node_modules'), join(home, 'node_modules'))
  writeFileSync(join(home, 'clerk.mjs'), clerk)
  const env = { ...process.env, XDG_STATE_HOME: join(home, 'state') }
  const typed = (text: string) =>
    text
      .replaceAll('npx deponent', `"${process.execPath}" "${BIN}"`)
      .replaceAll(/^node /gm, `"${process.execPath}" `)
  const server = spawn('bash', ['-c', `exec ${typed(serve).trim()} --port 0 --trace-wait 1`], {
    cwd: home,
    env,
  })
  try {
    const [line] = await once(createInterface(server.stdout), 'line')
    const { origin } = new URL(String(line))
    const run = (text: string) =>
      spawnSync('bash', ['-c', typed(text).replaceAll('http://127.0.0.1:4600', origin)], {
        cwd: home,
        env,
        encoding: 'utf8',
      })
    const told = run(tell)
    expect(told.stderr).toBe('')
    let answer = run(ask).stdout
    while (JSON.parse(answer).code === 'not_found') answer = run(ask).stdout
    expect(JSON.parse(answer)).toMatchObject({
      system: 'loan-clerk',
      record: { decisionId: 'loan-7', modelId: 'small-1', affectedUserId: 'person-7' },
    })
  } finally {
    server.kill('SIGTERM')
    await once(server, 'exit')
    rmSync(home, { recursive: true })
  }
})

describe('docs/otel.md', () => {
  test('names the versions that decisions carry', () => {
    expect(PAGE).toContain(`The roll-up rule, version ${ROLLUP_VERSION};`)
    expect(PAGE).toContain(`(\`/metadata/otel/mapping\`: ${MAPPING_VERSION})`)
  })

  test('names every attribute of ours', () => {
    for (const attribute of Object.keys(AUDIT)) expect(PAGE).toContain(`\`${attribute}\``)
  })
})
