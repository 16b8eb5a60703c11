import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, truncateSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { canonicalJson } from '@deponent/format'
import type { JsonValue } from '@deponent/format'
import { deponent } from '@deponent/sdk'
import type { Deponent, Issue } from '@deponent/sdk'
import { LedgerServer } from './ledger-server.ts'

let server: LedgerServer
let audit: Deponent
let issues: Issue[]
let directory: string

const sha256 = (bytes: string | Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], {
    cwd: directory,
  })
    .toString()
    .trim()

beforeEach(async () => {
  server = new LedgerServer()
  issues = []
  audit = deponent({
    url: await server.start(),
    key: 'k',
    system: 's',
    onError: (issue) => void issues.push(issue),
  })
  directory = mkdtempSync(join(tmpdir(), 'application-'))
})
afterEach(async () => {
  vi.unstubAllGlobals()
  await audit.close()
  await server.stop()
})

/** An application in a repository, with something installed. */
function application(): string {
  git('init', '-q')
  writeFileSync(join(directory, 'score.mjs'), 'export const score = 1\n')
  writeFileSync(join(directory, 'package-lock.json'), '{"lockfileVersion":3}\n')
  writeFileSync(join(directory, '.gitignore'), 'node_modules\n')
  mkdirSync(join(directory, 'node_modules'))
  const packages = {
    'node_modules/zod': { version: '4.1.0' },
    'node_modules/js-tokens': { version: '9.0.1' },
    'node_modules/a/node_modules/@scope/inner': { version: '1.0.0' },
    'packages/own': { version: '0.0.1' },
  }
  writeFileSync(join(directory, 'node_modules/.package-lock.json'), JSON.stringify({ packages }))
  git('add', '.')
  git('commit', '-qm', 'first')
  return git('rev-parse', 'HEAD')
}

async function sent(): Promise<{ decisions: Record<string, unknown>[]; logs: Record<string, unknown>[] }> {
  await audit.flush()
  const records = server.arrived.flatMap((request) => request.records)
  return {
    decisions: records.filter(({ kind }) => kind === undefined),
    logs: [...records, ...server.statements].filter(({ kind }) => kind === 'system.log'),
  }
}

describe('the environment', () => {
  test('is captured from repository, lock file, installed packages, runtime, machine and what only the application knows', async () => {
    const commit = application()
    writeFileSync(join(directory, 'weights.bin'), 'weights')
    const captured = await audit.environment({
      directory: join(directory),
      modelFile: join(directory, 'weights.bin'),
      config: { temperature: 0, b: 1, a: 2 },
      prompt: 'Decide: {{case}}',
      preprocessing: 'features-12',
      seeds: { sampling: 7 },
    })
    expect(captured!.environment).toMatchObject({
      codeCommit: commit,
      codeDirty: true,
      dependencies: {
        lockFile: { name: 'package-lock.json', digest: sha256('{"lockfileVersion":3}\n') },
        installed: [
          { name: '@scope/inner', version: '1.0.0' },
          { name: 'js-tokens', version: '9.0.1' },
          { name: 'zod', version: '4.1.0' },
        ],
        count: 3,
      },
      runtime: {
        name: 'node',
        version: process.versions.node,
        platform: process.platform,
        arch: process.arch,
      },
      hardware: { cores: cpus().length },
      weightsHash: sha256('weights'),
      configHash: sha256('{"a":2,"b":1,"temperature":0}'),
      promptHash: sha256('Decide: {{case}}'),
      preprocessing: 'features-12',
      seeds: { sampling: 7 },
    })
    expect(issues).toEqual([])
  })

  test('says that the repository is clean when it is', async () => {
    const commit = application()
    const captured = await audit.environment({ directory })
    expect(captured!.environment).toMatchObject({ codeCommit: commit, codeDirty: false })
  })

  test('is recorded once and named by every decision from then on, which repeats none of it', async () => {
    application()
    writeFileSync(join(directory, 'weights.bin'), 'weights')
    audit.log({ modelId: 'm', prediction: 0 })
    const captured = await audit.environment({ directory, modelFile: join(directory, 'weights.bin') })
    for (const prediction of [1, 2]) audit.log({ modelId: 'm', prediction })
    audit.wrap(() => 3, { modelId: 'm' })()
    const { decisions, logs } = await sent()
    expect(logs).toHaveLength(1)
    expect(logs[0]).toMatchObject({ event: 'environment', system: 's', details: captured!.environment })
    expect(sha256(canonicalJson(logs[0]!['details'] as JsonValue))).toBe(captured!.digest)
    expect(decisions.map(({ inference }) => inference)).toEqual([
      undefined,
      ...Array.from({ length: 3 }, () => ({
        weightsHash: sha256('weights'),
        runtime: { environment: captured!.digest },
      })),
    ])
    expect(decisions.map(({ modelChecksum }) => modelChecksum)).toEqual([
      undefined,
      ...Array.from({ length: 3 }, () => sha256('weights')),
    ])
  })

  test('goes with the model and version it was captured for, and never over what a decision says itself', async () => {
    const every = await audit.environment({ directory, seeds: 0 })
    const one = await audit.environment({ directory, modelId: 'm', modelVersion: '2', seeds: 1 })
    audit.log({ modelId: 'other', prediction: 1 })
    audit.log({ modelId: 'm', modelVersion: '1', prediction: 1 })
    audit.log({ model_id: 'm', model_version: '2', prediction: 1, modelId: 'm' })
    const own = { settings: { seed: 3 }, runtime: { threads: 1 } }
    audit.log({ modelId: 'm', modelVersion: '2', prediction: 1, modelChecksum: 'mine', inference: own })
    const { decisions } = await sent()
    const named = decisions.map(
      ({ inference }) => (inference as { runtime: { environment: string } }).runtime.environment,
    )
    expect(named).toEqual([every!.digest, every!.digest, one!.digest, one!.digest])
    expect(decisions[3]).toMatchObject({
      modelChecksum: 'mine',
      inference: { settings: { seed: 3 }, runtime: { threads: 1 } },
    })
  })

  test('of a file of any size takes no more memory than a small one', async () => {
    const file = join(directory, 'large.bin')
    writeFileSync(file, '')
    truncateSync(file, 512 * 1024 * 1024)
    globalThis.gc?.()
    const before = process.memoryUsage().rss
    let most = before
    const watching = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20)
    const captured = await audit.environment({ directory, modelFile: file })
    clearInterval(watching)
    expect(captured!.environment.weightsHash).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(most - before).toBeLessThan(128 * 1024 * 1024)
  })

  test('leaves the application to its work while it is captured', async () => {
    const file = join(directory, 'large.bin')
    writeFileSync(file, '')
    truncateSync(file, 64 * 1024 * 1024)
    let turns = 0
    const working = setInterval(() => (turns += 1), 0)
    await audit.environment({ directory, modelFile: file })
    clearInterval(working)
    expect(turns).toBeGreaterThan(10)
  })

  test('is captured as far as it can be where there is no repository, no lock file and no such model', async () => {
    const captured = await audit.environment({
      directory,
      modelFile: join(directory, 'nothing'),
      codeCommit: 'c0ffee',
    })
    expect(captured!.environment).toMatchObject({ codeCommit: 'c0ffee', runtime: { name: 'node' } })
    expect(captured!.environment.weightsHash).toBeUndefined()
    expect(captured!.environment.codeDirty).toBeUndefined()
    expect(issues).toEqual([{ code: 'capture_failed', message: 'the file of the model cannot be read' }])
  })

  test('is what the application says of it on a host with web APIs alone', async () => {
    vi.stubGlobal('process', undefined)
    const captured = await audit.environment({ config: { a: 1 }, seeds: [1] })
    vi.unstubAllGlobals()
    expect(captured!.environment).toEqual({ configHash: sha256('{"a":1}'), seeds: [1] })
  })

  test('never throws into the application, whatever it is given', async () => {
    const hostile = {
      toJSON: () => {
        throw new Error('no')
      },
    }
    const captured = await audit.environment({
      directory,
      config: hostile,
      preprocessing: hostile,
      seeds: 1n,
    })
    expect(captured!.environment.seeds).toBe('1')
    const unreadable = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new TypeError('no')
        },
      },
    )
    expect(await audit.environment({ directory, config: unreadable })).toBeUndefined()
    expect(issues.map(({ code }) => code)).toEqual(['capture_failed'])
    audit.log({ modelId: 'm', prediction: 1 })
    expect((await sent()).decisions).toHaveLength(1)
  })

  test('can be told of a training, in the names of model events', async () => {
    const commit = application()
    const captured = await audit.environment({ directory, seeds: [41] })
    audit.lifecycle({
      modelId: 'm',
      modelVersion: '2',
      eventType: 'training_completed',
      ...captured!.environment,
    })
    await audit.flush()
    const records = [...server.arrived.flatMap((request) => request.records), ...server.statements]
    expect(records.find(({ kind }) => kind === 'model.training_completed')).toMatchObject({
      codeCommit: commit,
      seeds: [41],
    })
  })
})
