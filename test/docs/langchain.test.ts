import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { completion, toolCall } from '../sdk/completions.ts'
import { BUILT, TypeScriptPage } from './typescript-page.ts'

let page: TypeScriptPage | undefined

beforeAll(async () => {
  if (existsSync(BUILT)) page = await TypeScriptPage.start()
})

afterAll(() => page?.stop())

test('the block of docs/langchain.md compiles with the published types, runs, and is kept', async (context) => {
  if (!page) return context.skip('not built; npm test builds first')
  page.vendor.replies.push(
    completion({ tool_calls: [toolCall('c1', 'rate', { loan: 'a' })] }, 'tool_calls'),
    completion({ content: 'It depends.' }),
  )
  // The declarations of LangChain lean on declarations it does not bring.
  const said = await page.run('docs/langchain.md', { skipLibCheck: true })
  expect(said).toEqual(['It depends.\n'])
  const [asking, answering] = (await page.decisions()).toReversed()
  expect(asking).toMatchObject({ prediction: [{ name: 'rate' }] })
  expect(answering).toMatchObject({ prediction: 'It depends.' })
  const at = `/v1/decisions/${String(asking?.['decisionId'])}`
  expect(await page.server.get(at)).toMatchObject({
    record: { provider: 'openai', modelId: 'gpt-x', agentName: 'clerk', riskTier: 'low' },
  })
  expect(await page.server.get(`${at}/timeline`)).toMatchObject({
    items: [{ kind: 'action', record: { toolName: 'rate', result: '4 % for a', status: 'ok' } }],
  })
})
