/** A tracking server of MLflow, asked for what it has kept. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newPlace, runCommand, ServerProcess } from '../e2e/server-process.ts'
import { newDirectory, optionalStrangerSuite, run } from './stranger.ts'

const SCRIPT = fileURLToPath(new URL('mlflow_keeps.py', import.meta.url))
/** Where MLflow is, when not on the path: the directory of its programme. */
const BIN = process.env['MLFLOW_BIN'] ?? ''
const programme = (name: string): string => (BIN === '' ? name : `${BIN}/${name}`)

const missing =
  spawnSync(programme('mlflow'), ['--version']).status === 0
    ? undefined
    : 'no MLflow is installed (pip install mlflow)'

optionalStrangerSuite('MLflow', missing, () => {
  let server: ServerProcess
  let mlflow: ChildProcess
  let url: string
  beforeAll(async () => {
    server = await ServerProcess.start(await newPlace())
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const args = ['server', '--host', '127.0.0.1', '--port', `${port}`, '--workers', '1']
    const place = newDirectory()
    const stores = [
      '--backend-store-uri',
      `sqlite:///${place}/mlflow.db`,
      '--artifacts-destination',
      `${place}/artifacts`,
    ]
    mlflow = spawn(programme('mlflow'), [...args, ...stores], { cwd: place, stdio: 'ignore', detached: true })
    while (
      !(await fetch(`${url}/health`)
        .then(({ ok }) => ok)
        .catch(() => false))
    )
      await new Promise((resolve) => setTimeout(resolve, 250))
  }, 180_000)
  afterAll(async () => {
    // Its workers are processes of their own.
    process.kill(-mlflow.pid!, 'SIGTERM')
    await once(mlflow, 'exit')
    await server.stop()
  })

  test('its versions, runs, traces and what people said of them are recorded once, however often it is asked', async () => {
    const { code, stdout, stderr } = await run(programme('python'), [SCRIPT, url], {
      MLFLOW_TRACKING_URI: url,
    })
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    const [runId = '', traceId = ''] = (stdout.trim().split('\n').at(-1) ?? '').split(' ')
    const args = ['import', url, '--format', 'mlflow', '--url', server.url, '--key', server.key, '--json']
    const first = await runCommand(args)
    expect([first.code, first.stderr]).toEqual([0, ''])
    expect(JSON.parse(first.stdout)).toMatchObject({ lines: 3, records: 5, recorded: 5, rejected: 0 })
    const response = await server.fetch(`/v1/decisions/mlflow-${traceId}`, {
      headers: { 'Deponent-Purpose': 'test' },
    })
    expect(await response.json()).toMatchObject({
      record: { modelId: 'claims', basis: 'asserted', input: { question: 'Covered?' }, prediction: 'Yes.' },
    })
    expect(runId).toMatch(/^[0-9a-f]{32}$/)
    expect(JSON.parse((await runCommand(args)).stdout)).toMatchObject({ recorded: 0, duplicates: 5 })
  })
})

async function freePort(): Promise<number> {
  const listening = createServer().listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as { port: number }
  listening.close()
  await once(listening, 'close')
  return port
}
