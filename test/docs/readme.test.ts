import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { missingForShell } from './shell-page.ts'
import { ROOT, textOf } from './tree.ts'

const BIN = join(ROOT, 'packages/server/bin/deponent.mjs')

/** The shell blocks of the README's sixty seconds, in order. */
function blocks(): string[] {
  const [, section = ''] = textOf('README.md').split(/^## Sixty seconds.*$/m)
  return [...(section.split(/^## /m)[0] ?? '').matchAll(/^```sh\n(.*?)^```$/gms)].map(
    (match) => match[1] ?? '',
  )
}

test('the sixty seconds of the README end in a decision that is proven and a byte that is caught', async (context) => {
  const reason = missingForShell()
  if (reason !== undefined) return context.skip(reason)
  const [serve = '', report = '', ask = '', verify = '', change = '', ...rest] = blocks()
  expect(rest).toEqual([])
  const home = mkdtempSync(join(tmpdir(), 'readme-'))
  const env = { ...process.env, XDG_STATE_HOME: join(home, 'state') }
  const typed = (text: string) => text.replaceAll('npx deponent', `"${process.execPath}" "${BIN}"`)
  const run = (text: string) => spawnSync('bash', ['-c', typed(text)], { cwd: home, env, encoding: 'utf8' })

  const server = spawn('bash', ['-c', `exec ${typed(serve).trim()} --port 0`], { cwd: home, env })
  try {
    const [line] = await once(createInterface(server.stdout), 'line')
    const { origin } = new URL(String(line))
    const there = (text: string) => run(text.replaceAll('http://127.0.0.1:4600', origin))

    expect(there(report).status).toBe(0)
    expect(JSON.parse(readFileSync(join(home, 'receipt.json'), 'utf8'))).toMatchObject({
      recorded: 1,
      rejected: 0,
    })
    const answer = there(ask).stdout
    expect(answer).toContain('"decisionId":"loan-1"')
    expect(answer).toContain('c2sp.org/tlog-proof@v1')
  } finally {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }

  const before = run(verify)
  expect(before.stdout).toMatch(/^valid: /m)
  expect(before.stdout).toContain('trust_self')
  expect(before.status).toBe(0)
  const after = run(change)
  expect(after.stdout).toMatch(/^invalid: /m)
  expect(after.stdout).toMatch(/^error .* at 1: /m)
  expect(after.status).toBe(1)
  rmSync(home, { recursive: true })
})
