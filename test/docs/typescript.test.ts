import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BUILT, TypeScriptPage } from './typescript-page.ts'

let page: TypeScriptPage | undefined

beforeAll(async () => {
  if (existsSync(BUILT)) page = await TypeScriptPage.start()
})

afterAll(() => page?.stop())

test('every block of docs/typescript.md compiles with the published types, runs, and is kept', async (context) => {
  if (!page) return context.skip('not built; npm test builds first')
  page.vendor.reply = {
    json: {
      model: 'm',
      choices: [{ message: { content: 'It depends.' }, finish_reason: 'stop' }],
      content: [{ type: 'text', text: 'It depends.' }],
    },
  }
  const said = await page.run('docs/typescript.md')
  expect(said[0]).toContain('/promise')
  expect(said[1]).toBe('It depends.')
  expect(said[5]).toBe('declined: income 20000\n')
  expect(said[7]).toBe('true\n')

  const shown = (await page.decisions()).map(
    ({ modelId, prediction }) => `${String(modelId)} ${JSON.stringify(prediction)}`,
  )
  expect(shown.toSorted()).toEqual(
    [
      'assistant "It depends."',
      'assistant "ON ITS WAY"',
      'claude-x "It depends."',
      'credit-risk "approved"',
      'credit-risk "approved"',
      'credit-risk "approved"',
      'credit-risk "declined"',
      'credit-risk "declined"',
      'credit-risk "declined"',
      'credit-risk "declined"',
      'credit-risk "declined"',
      'gpt-x "It depends."',
      'loan-api {"approved":true}',
      'ranker ["a","b"]',
    ].toSorted(),
  )
  const written = readFileSync(join(page.home, 'decisions.jsonl'), 'utf8')
  expect(written).toContain('credit-risk')
  expect(written).not.toMatch(/person-17|901820/)
})
