import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chunk, completion, streamed, toolCall } from '../sdk/completions.ts'
import { BUILT, TypeScriptPage } from './typescript-page.ts'

let page: TypeScriptPage | undefined

beforeAll(async () => {
  if (existsSync(BUILT)) page = await TypeScriptPage.start()
})

afterAll(() => page?.stop())

test('the block of docs/ai-sdk.md compiles with the published types, runs, and is kept', async (context) => {
  if (!page) return context.skip('not built; npm test builds first')
  page.vendor.replies.push(
    completion({ tool_calls: [toolCall('c1', 'rate', { loan: 'a' })] }, 'tool_calls'),
    completion({ content: 'It depends.' }),
    streamed(chunk({ content: 'Yes.' }, 'stop')),
  )
  // The declarations of the AI SDK lean on declarations it does not bring.
  const said = await page.run('docs/ai-sdk.md', { skipLibCheck: true })
  expect(said).toEqual(['It depends.\nYes.'])
  const decisions = (await page.decisions()).toReversed()
  const called = [expect.objectContaining({ toolName: 'rate' })]
  expect(decisions.map(({ prediction }) => prediction)).toEqual([called, 'It depends.', 'Yes.'])
  const first = String(decisions[0]?.['decisionId'])
  expect(await page.server.get(`/v1/decisions/${first}`)).toMatchObject({
    record: {
      provider: 'openai.chat',
      modelId: 'gpt-x',
      servedModel: 'gpt-x-0101',
      riskTier: 'low',
      traceId: 't-1',
      tokenUsage: { input: 9, output: 3 },
    },
  })
})
