import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newPlace, runCommand, ServerProcess } from '../e2e/server-process.ts'
import { missingPython, PYTHON, PYTHON_DIRECTORY } from '../strangers/python-judge.ts'
import { run, strangerSuite } from '../strangers/stranger.ts'
import { ROOT, textOf } from './tree.ts'

/** The Python of the page, block after block. */
function programme(): string {
  const blocks = [...textOf('docs/python.md').matchAll(/^```python\n(.*?)^```$/gms)].map((match) => match[1])
  expect(blocks.length).toBeGreaterThan(8)
  return blocks.join('\n')
}

strangerSuite('the ten minutes of Python', missingPython(), () => {
  test('end in decisions that are recorded, reviewed and proven', async () => {
    const server = await ServerProcess.start(await newPlace())
    const home = mkdtempSync(join(tmpdir(), 'python-'))
    try {
      const script = join(home, 'page.py')
      writeFileSync(script, programme().replaceAll('http://127.0.0.1:4600', server.url))
      const command = `cd "${home}" && exec ${PYTHON} page.py`
      const { code, stdout, stderr } = await run('bash', ['-c', command], {
        DEPONENT_KEY: server.key,
        PYTHONPATH: PYTHON_DIRECTORY,
        PYTHONDONTWRITEBYTECODE: '1',
      })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(/^incomplete \['trust_missing'\]$/m)
      expect(stdout).toMatch(/'reported': 18, 'recorded': 18, .*'rejected': 0, 'lost': 0/)

      await server.indexed()
      const { items } = await server.get<{ items: { decisionId: string; modelId: string }[] }>(
        '/v1/decisions?limit=100',
      )
      expect(items.map(({ modelId }) => modelId).toSorted()).toEqual([
        'assistant',
        'credit-risk',
        'credit-risk',
        'credit-risk',
        'credit-risk',
        'credit-risk',
        'fraud',
        'fraud',
        'fraud',
      ])
      expect(items.map(({ decisionId }) => decisionId)).toEqual(
        expect.arrayContaining(['loan-1', 'loan-2', 'loan-3', 'answer-1']),
      )
      const { items: timeline } = await server.get<{ items: { kind: string }[] }>(
        '/v1/decisions/loan-1/timeline',
      )
      expect(timeline.map(({ kind }) => kind)).toEqual(['review', 'outcome', 'explanation', 'action'])

      const there = ['--url', server.url, '--key', server.key, '--purpose', 'a test', '--json']
      const replay = await runCommand(['reproduce', 'loan-3.4', ...there])
      expect(JSON.parse(replay.stdout)).toMatchObject({
        environment: { environment: { runtime: { name: 'cpython' }, seeds: { sampling: 7 } } },
      })

      const receipt = await run(PYTHON, [
        join(ROOT, 'python/deponent_verify.py'),
        join(home, 'receipt.json'),
        '--json',
      ])
      expect(JSON.parse(receipt.stdout)).toMatchObject({
        verdict: 'incomplete',
        findings: [{ code: 'trust_missing' }],
      })
      expect(readFileSync(join(home, 'decisions.ndjson'), 'utf8')).toMatch(/"email":"hash_[\w-]{22}"/)
    } finally {
      await server.stop()
      rmSync(home, { recursive: true })
    }
  })
})
