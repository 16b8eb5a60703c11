import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { missingForShell, ShellPage } from './shell-page.ts'
import { textOf } from './tree.ts'

let page: ShellPage | undefined
afterEach(async () => {
  await page?.stop()
  page = undefined
})

/** What each answer in the output of commands is, one after another. */
const answersIn = (text: string): unknown[] =>
  text
    .replaceAll(/\}\s*\{/g, '}\u0000{')
    .split('\u0000')
    .filter((part) => part.trimStart().startsWith('{'))
    .map((part) => JSON.parse(part) as unknown)

test('the ten minutes of docs/curl.md end in a decision that is reviewed, found and proven', async (context) => {
  const reason = missingForShell()
  if (reason !== undefined) return context.skip(reason)
  page = await ShellPage.open('docs/curl.md')
  const [
    names = '',
    record = '',
    many = '',
    again = '',
    later = '',
    reader = '',
    search = '',
    one = '',
    verify = '',
    ...rest
  ] = page.blocks
  expect(rest).toEqual([])
  const keys = page.run(`${names}echo "$KEY"`).stdout.trim()
  const typed = (text: string): string => `export DEPONENT=${page!.origin} KEY=${keys}\n${text}`

  expect(page.run(typed(record))).toMatchObject({ status: 0, stderr: '' })
  expect(JSON.parse(readFileSync(join(page.home, 'receipt.json'), 'utf8'))).toMatchObject({ recorded: 1 })
  expect(answersIn(page.run(typed(many)).stdout)).toMatchObject([
    { recorded: 1, rejected: 1, errors: [{ position: 1, code: 'out_of_range', path: '/confidence' }] },
  ])
  expect(answersIn(page.run(typed(again)).stdout)).toMatchObject([{ recorded: 0, duplicates: 1 }])
  expect(answersIn(page.run(typed(later)).stdout)).toMatchObject([{ recorded: 1 }, { recorded: 1 }])

  const key = page.run(typed(`${reader}echo "$READER"`)).stdout.trim()
  const asked = (text: string): string => page!.run(typed(`export READER=${key}\n${text}`)).stdout
  const found = (): unknown => answersIn(asked(search))[1]
  const counted = { prediction: 'declined', outcome: 'repaid', count: 1 }
  await expect.poll(found, { timeout: 30_000 }).toMatchObject({ items: expect.arrayContaining([counted]) })
  expect(answersIn(asked(search))[0]).toMatchObject({ items: [{ decisionId: 'loan-1' }] })
  const shown = asked(one)
  expect(shown).toContain('"affectedUserId":"person-17"')
  expect(shown).toContain('"verdict":"override"')
  expect(shown).toContain('c2sp.org/tlog-proof@v1')
  expect(page.run(verify).stdout).toMatch(/^valid: /m)
})

test('the ten minutes of docs/langfuse.md end in a decision with a score', async (context) => {
  const reason = missingForShell()
  if (reason !== undefined) return context.skip(reason)
  page = await ShellPage.open('docs/langfuse.md')
  const [names = '', tell = '', ask = '', ...rest] = page.blocks
  expect(rest).toEqual([])
  const told = page.run(`${names}${tell}`)
  expect([told.status, answersIn(told.stdout)]).toMatchObject([0, [{ successes: [{}, {}, {}], errors: [] }]])
  const found = (): unknown => answersIn(page!.run(names.split('\n')[0] + '\n' + ask).stdout)[0]
  await expect
    .poll(found, { timeout: 60_000, interval: 500 })
    .toMatchObject({ items: [{ modelId: 'small-1', prediction: 'No.' }] })
})

test('docs/ways-in.md names the guide of each way, and each is a page here', () => {
  const table = textOf('docs/ways-in.md').split('## To choose')[0]!
  for (const guide of ['typescript', 'python', 'ai-sdk', 'langchain', 'otel', 'langfuse', 'curl', 'http-api'])
    expect(table).toContain(`(${guide}.md)`)
  expect(textOf('README.md')).toContain('docs/ways-in.md')
})
