/** SDKs that others wrote in Python, telling a server of ours. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { textOf } from '../docs/tree.ts'
import { newPlace, ServerProcess } from '../e2e/server-process.ts'
import { optionalStrangerSuite, run } from './stranger.ts'

const LIBRARIES = fileURLToPath(new URL('../../.cache/foreign/python', import.meta.url))
const SCRIPT = fileURLToPath(new URL('telemetry.py', import.meta.url))

const missing = existsSync(`${LIBRARIES}/langfuse`)
  ? undefined
  : 'the SDKs for Python are not there: .ci/foreign-tools gets them where they can be had'

interface Listed {
  items: { id: string; decisionId: string; traceId?: string }[]
}

optionalStrangerSuite('SDKs in Python', missing, () => {
  let server: ServerProcess
  beforeAll(async () => {
    server = await ServerProcess.start(await newPlace(), ['serve', '--trace-wait', '1'])
  })
  afterAll(() => server.stop())

  const tell = async (...program: string[]): Promise<string> => {
    const told = await run('python3', program, {
      PYTHONPATH: LIBRARIES,
      OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
      OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer%20${server.key}`,
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      LANGFUSE_HOST: server.url,
      LANGFUSE_PUBLIC_KEY: 'pk-lf-1',
      LANGFUSE_SECRET_KEY: server.key,
    })
    expect(told).toMatchObject({ code: 0 })
    return told.stdout.trim()
  }

  /** Waits until something is listed. */
  const listed = async (query: string): Promise<Listed['items'][number]> => {
    for (;;) {
      const { items } = await server.get<Listed>(`/v1/decisions?${query}`)
      if (items[0]) return items[0]
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  test('that of OpenTelemetry tells of a decision', async () => {
    const name = await tell(SCRIPT, 'opentelemetry')
    expect(await listed('modelId=m')).toMatchObject({ decisionId: name, system: 'python' })
  })

  test('that of Langfuse, as it was before it spoke OpenTelemetry, tells of another', async () => {
    const traceId = (await tell(SCRIPT, 'langfuse')).replaceAll('-', '')
    expect(await listed(`traceId=${traceId}`)).toMatchObject({ prediction: 'No.' })
  })

  test('that of Langfuse does what docs/langfuse.md says', async () => {
    const [, block = ''] = /^```python\n(.*?)^```$/ms.exec(textOf('docs/langfuse.md')) ?? []
    await tell('-c', block)
    expect(await listed('modelId=small-1')).toMatchObject({ prediction: 'No.' })
  })
})
