import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { deponent } from '@deponent/sdk'
import type { Issue } from '@deponent/sdk'
import { LedgerServer } from './ledger-server.ts'

afterEach(() => vi.unstubAllGlobals())

it('a host with web APIs alone records all the same, and is told once what it does without', async () => {
  const server = new LedgerServer()
  const url = await server.start()
  const directory = await mkdtemp(join(tmpdir(), 'host-'))
  const issues: Issue[] = []
  vi.stubGlobal('process', undefined)
  vi.stubGlobal('CompressionStream', undefined)
  const audit = deponent({
    url,
    key: 'k',
    spool: { directory },
    onError: (issue) => void issues.push(issue),
  })
  for (const prediction of ['x'.repeat(2_000), 'y'])
    audit.context({ userId: 'u' }, () => audit.log({ modelId: 'm', prediction }))
  await audit.close()
  vi.unstubAllGlobals()
  expect(server.arrived).toMatchObject([
    { coding: undefined, records: [{ modelId: 'm' }, { prediction: 'y' }] },
  ])
  expect(issues.map(({ code }) => code)).toEqual(['unavailable', 'unavailable'])
  expect(await readdir(directory)).toEqual([])
  await server.stop()
})
