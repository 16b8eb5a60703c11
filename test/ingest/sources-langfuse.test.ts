import { createReadStream } from 'node:fs'
import { expect, it } from 'vitest'
import { type CanonicalRecord, canonicalJson } from '@deponent/format'
import { TraceFidelity } from '../../packages/server/src/ingest/langfuse/trace-fidelity.ts'
import { openFile, rowsIn } from '../../packages/server/src/ingest/opened.ts'
import { lineOf, readerOf } from '../../packages/server/src/ingest/reading.ts'
import { langfuse } from '../../packages/server/src/ingest/sources/langfuse.ts'
import { fixture, imported } from './imported.ts'

/** The decisions the server will tell of what an export says. */
async function decisionsIn(name: string): Promise<CanonicalRecord[]> {
  const traces = new TraceFidelity()
  const reader = readerOf({ by: 'source', source: langfuse })
  for await (const row of rowsIn(await openFile(createReadStream(fixture(name))))) {
    const line = lineOf(reader, row)
    expect(line).toHaveProperty('records')
    for (const made of 'records' in line ? line.records : [])
      expect(traces.add(canonicalJson(made.event!))).toBeUndefined()
  }
  return traces.decisions()
}

it('an export of Langfuse is recognised, whatever its rows are', async () => {
  expect(await imported(fixture('langfuse-observations.jsonl'))).toMatchObject({ source: 'langfuse' })
  expect(await imported(fixture('langfuse-api.jsonl'))).toMatchObject({ source: 'langfuse' })
  expect(langfuse.recognise({ id: 's', trace_id: 't', name: 'x', data_type: 'NUMERIC', value: 1 })).toContain(
    'score',
  )
  expect(langfuse.recognise({ id: 't', timestamp: 'x', user_id: '', session_id: '' })).toContain('trace')
  expect(langfuse.recognise({ id: 't', trace_id: 'x' })).toBeUndefined()
})

it('an export is one decision a trace, asserted, with the people, prompt, tokens and cost it tells of', async () => {
  const [decision, ...others] = await decisionsIn('langfuse-observations.jsonl')
  expect(others).toEqual([])
  expect(decision).toMatchObject({
    basis: 'asserted',
    modelId: 'gpt-4o',
    userId: 'clerk-1',
    sessionId: 's-1',
    environment: 'production',
    prediction: expect.anything() as unknown,
    tokenUsage: { input: 9, output: 2 },
    costUsd: 0.0001,
  })
})

it('an answer of the API says the same as an export', async () => {
  expect(await decisionsIn('langfuse-api.jsonl')).toMatchObject([
    {
      basis: 'asserted',
      modelId: 'gpt-4o',
      messages: [{ role: 'user', content: 'Covered?' }],
      prediction: 'No.',
      tokenUsage: { input: 9, output: 2 },
    },
  ])
})
