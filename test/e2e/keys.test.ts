import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newPlace, runCommand, ServerProcess } from './server-process.ts'

test('keys are rotated and succeeded by commands, and the server goes on under the new ones', async () => {
  const place = await newPlace()
  const flags = ['--data', place.data, '--signer-state', place.signer]
  const first = await ServerProcess.start(place)
  await first.post('/v1/decisions?wait=checkpoint', { decisionId: 'd-1', modelId: 'm', prediction: 1 })
  expect((await runCommand(['keys', 'rotate', ...flags])).code).toBe(2)
  await first.stop()

  const rotated = await runCommand(['keys', 'rotate', 'promise', ...flags, '--json'])
  expect(JSON.parse(rotated.stdout)).toMatchObject({ use: 'promise', from: 3 })
  expect((await runCommand(['keys', 'rotate', ...flags])).stdout).toContain('checkpoint key')
  const second = await ServerProcess.start(place)
  await second.post('/v1/decisions?wait=checkpoint', { decisionId: 'd-2', modelId: 'm', prediction: 2 })
  expect((await second.fetch('/v1/decisions/d-1')).status).toBe(200)
  await second.stop()
  expect((await runCommand(['verify', place.data])).code).toBe(0)

  await rm(join(place.data, 'keyring/default.promise.key'))
  const refused = await runCommand(['serve', '--port', '0', ...flags])
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('keys succeed')])
  const succeeded = await runCommand(['keys', 'succeed', '--reason', 'lost', ...flags])
  expect([succeeded.code, succeeded.stdout]).toEqual([0, expect.stringContaining('is frozen as default.1')])
  const third = await ServerProcess.start(place)
  const response = await third.post('/v1/decisions?wait=checkpoint', {
    decisionId: 'd-3',
    modelId: 'm',
    prediction: 3,
  })
  expect(response.status).toBe(201)
  await third.indexed()
  const { items } = await third.get<{ items: { decisionId: string }[] }>('/v1/decisions')
  expect(items.map(({ decisionId }) => decisionId)).toEqual(['d-3'])
  await third.stop()
  const { code, stdout } = await runCommand(['verify', place.data])
  expect(stdout).toContain('valid:')
  expect(code).toBe(0)
})
