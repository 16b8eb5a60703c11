/** `deponent reproduce` on a real server, with decisions of the demo company and the program that makes them again. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deponent } from '@deponent/sdk'
import type { DemoRecord } from '../../packages/server/src/demo/demo-record.ts'
import { history } from '../../packages/server/src/demo/history.ts'
import type { ReplayPackage } from '../../packages/server/src/reproduction/replay-package.ts'
import type { ReplayReport } from '../../packages/server/src/reproduction/verdict.ts'
import { BIN, newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

const VERSIONS = ['4.0.0', '4.1.0', '4.2.0', '4.2.1']

let place: Place
let server: ServerProcess
let home: string
let decisions: DemoRecord['record'][]

const isScored = ({ kind, record }: DemoRecord): boolean =>
  kind === 'decision' && record['system'] === 'credit-scorer' && record['status'] === 'ok'

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'reproduce-'))
  const records = [...history({ seed: 'replay', now: Date.UTC(2026, 10, 20, 13, 37) })]
  const scored = records.filter(isScored).map(({ record }) => record)
  decisions = VERSIONS.flatMap((version) =>
    scored.filter(({ modelVersion }) => modelVersion === version).slice(0, 250),
  )
  place = await newPlace()
  server = await ServerProcess.start(place)
  const events = records.filter(({ kind }) => kind.startsWith('model.') || kind === 'system.log')
  for (let at = 0; at < decisions.length; at += 250)
    expect((await server.post('/v1/decisions', decisions.slice(at, at + 250))).status).toBe(201)
  const sent = events.map(({ kind, record }) => ({ kind, ...record }))
  expect((await server.post('/v1/records', sent)).status).toBe(201)
  await server.indexed()
  writeFileSync(join(home, 'ids'), decisions.map(({ decisionId }) => `${String(decisionId)}\n`).join(''))
  await runCommand(['demo', 'weights', join(home, 'weights')])
})
afterAll(() => server.stop())

const idOf = (i: number): string => String(decisions[i]!['decisionId'])
const weightsOf = (directory = 'weights'): string[] =>
  VERSIONS.map((version) => join(home, directory, `scorer-${version}.json`))
const scorer = (files: readonly string[]): string =>
  JSON.stringify([process.execPath, BIN, 'demo', 'score', ...files])
/** A program of Node, as `--run` takes it. */
function program(script: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'program-')), 'program.mjs')
  writeFileSync(
    file,
    `import { createInterface } from 'node:readline'
     for await (const line of createInterface({ input: process.stdin })) {
       const { id, inputs, model } = JSON.parse(line)
       const answer = (output) => console.log(JSON.stringify({ id, output }))
       ${script}
     }`,
  )
  return JSON.stringify([process.execPath, file])
}

function reproduce(...args: string[]) {
  const there = ['--url', server.url, '--key', server.key, '--purpose', 'audit 7']
  return runCommand(['reproduce', ...args, ...there])
}

async function replayed(command: string, ...args: string[]): Promise<{ code: number; report: ReplayReport }> {
  const { code, stdout, stderr } = await reproduce(...args, '--run', command, '--json')
  expect(stderr).toBe('')
  return { code, report: JSON.parse(stdout) as ReplayReport }
}

const all = (): string[] => ['--ids', join(home, 'ids')]

describe('a thousand decisions of the demo company', () => {
  test('replay equal with the weights their records name', async () => {
    expect(decisions).toHaveLength(1_000)
    const digests = weightsOf().map(
      (file) => `sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}`,
    )
    expect(new Set(decisions.map(({ modelChecksum }) => modelChecksum))).toEqual(new Set(digests))
    const { code, report } = await replayed(scorer(weightsOf()), ...all())
    expect(report.items.filter(({ verdict }) => verdict !== 'reproduced')).toEqual([])
    expect(report).toMatchObject({ verdict: 'reproduced', reproduced: 1_000, isSteady: true })
    expect(report.controls).toEqual({ asked: 1_000, answered: 1_000, changed: 1_000 })
    expect(report.items[0]!.notReplayed).toEqual(['explanation'])
    expect(code).toBe(0)
  })

  test('diverge with one changed weight, each with the path and both values, and only those it touches', async () => {
    const files = weightsOf()
    const weights = JSON.parse(readFileSync(files[1]!, 'utf8')) as { employment: { salaried: number } }
    weights.employment.salaried += 0.2
    const changed = join(home, 'changed.json')
    writeFileSync(changed, JSON.stringify(weights))
    const { code, report } = await replayed(scorer([files[0]!, changed, files[2]!, files[3]!]), ...all())
    expect(code).toBe(1)
    expect(report.verdict).toBe('diverged')
    const touched = decisions.filter(
      ({ inputFeatures, modelVersion }) =>
        modelVersion === '4.1.0' && (inputFeatures as { employment: string }).employment === 'salaried',
    )
    const diverged = report.items.filter(({ verdict }) => verdict === 'diverged')
    expect(diverged.map(({ decisionId }) => decisionId)).toEqual(touched.map(({ decisionId }) => decisionId))
    for (const { differences } of diverged) {
      const confidence = differences.find(({ path }) => path === '/confidence')!
      expect(confidence.replayed).toBeGreaterThan(confidence.recorded as number)
    }
    const paths = new Set(
      diverged.flatMap(({ differences }) => differences.map(({ path }) => path.split('/')[1])),
    )
    expect(paths).toEqual(new Set(['prediction', 'confidence', 'reasonCodes']))
  })

  test('are not taken for replayed by a program that gives back what it is given', async () => {
    const { code, report } = await replayed('cat', ...all())
    expect(code).toBe(3)
    expect(report).toMatchObject({ verdict: 'not_comparable', reproduced: 0, notComparable: 1_000 })
    expect(new Set(report.items.map(({ why }) => why))).toEqual(new Set(['echoes_input']))
  })

  test('are not taken for replayed by a program that was handed the recorded output and looks it up', async () => {
    const { stdout } = await reproduce(...all(), '--json')
    const known = join(home, 'known.jsonl')
    writeFileSync(known, stdout)
    const lookUp = program(`
      globalThis.known ??= new Map((await import('node:fs')).readFileSync(${JSON.stringify(known)}, 'utf8').trim().split('\\n')
        .map((line) => JSON.parse(line)).map(({ inputs, output }) => [JSON.stringify(inputs), output]))
      if (known.has(JSON.stringify(inputs))) answer(known.get(JSON.stringify(inputs)))
      else console.log(JSON.stringify({ id, error: 'unknown' }))`)
    const { code, report } = await replayed(lookUp, ...all())
    expect(code).toBe(3)
    expect(report).toMatchObject({ reproduced: 0, notComparable: 1_000 })
    expect(new Set(report.items.map(({ why }) => why))).toEqual(new Set(['no_control']))
  })
})

describe('an environment that the SDK captured', () => {
  test('is found by the digest its decisions name, whole, in the package of each', async () => {
    const weights = weightsOf()[0]!
    const audit = deponent({ url: server.url, key: server.key, system: 'captured' })
    const early = await audit.environment({ modelId: 'm', seeds: { sampling: 1 } })
    audit.log({ decisionId: 'early-1', modelId: 'm', input: 'a b', prediction: 'c' })
    const late = await audit.environment({
      modelId: 'm',
      modelFile: weights,
      config: { beams: 4 },
      seeds: { sampling: 2 },
    })
    audit.log({ decisionId: 'late-1', modelId: 'm', input: 'a b', prediction: 'c' })
    await audit.close()
    await server.indexed()
    const { stdout } = await reproduce('early-1', 'late-1', '--json')
    const [first, second] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ReplayPackage)
    expect(first!.environment).toMatchObject({ digest: early!.digest, environment: early!.environment })
    expect(second!.environment).toMatchObject({ digest: late!.digest, environment: late!.environment })
    expect(second!.environment!.environment).toMatchObject({
      seeds: { sampling: 2 },
      runtime: { name: 'node' },
    })
    expect(second!.model['modelChecksum']).toBe(late!.environment.weightsHash)
    expect(second!.missing.map(({ path }) => path)).toEqual(['/modelVersion', '/modelEvents'])
    expect(first!.environment!.environment['dependencies']).toMatchObject({
      lockFile: { name: 'package-lock.json' },
    })
  })
})

describe('deponent reproduce', () => {
  test('writes packages with model, inputs, output, how the model came to be, and what is missing', async () => {
    const out = join(home, 'packages.jsonl')
    const { code, stdout } = await reproduce(idOf(0), idOf(999), '--out', out)
    expect(code).toBe(0)
    expect(stdout).not.toContain('missing')
    const packages = readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ReplayPackage)
    expect(packages.map(({ decisionId }) => decisionId)).toEqual([idOf(0), idOf(999)])
    const [one] = packages
    expect(one).toMatchObject({
      format: 'deponent replay package 1',
      model: { modelId: 'repayment-scorer', modelVersion: '4.0.0' },
      inputs: { inputFeatures: decisions[0]!['inputFeatures'] },
      output: { prediction: decisions[0]!['prediction'], confidence: decisions[0]!['confidence'] },
      environment: { environment: { codeCommit: '9f31c07', weightsHash: decisions[0]!['modelChecksum'] } },
      missing: [],
    })
    const completed = one!.modelEvents.find(({ kind }) => kind === 'model.training_completed')!
    expect(completed.record).toMatchObject({
      codeCommit: '9f31c07',
      seeds: [41],
      weightsHash: one!.model['modelChecksum'],
    })
  })

  test('reads by the routes everybody has: each look is on record with its purpose', async () => {
    await reproduce(idOf(3))
    const [one] = (await server.get<{ items: { id: string }[] }>(`/v1/decisions?decisionId=${idOf(3)}`)).items
    const looks = async () =>
      (await server.get<{ items: { purpose?: string; action: string }[] }>(`/v1/access?id=${one!.id}`)).items
    await expect
      .poll(async () => (await looks()).map(({ action, purpose }) => `${action} ${purpose}`), {
        timeout: 30_000,
      })
      .toContain('reveal audit 7')
  })

  test('says by its exit code that what a replay needs is sealed, erased or was never recorded', async () => {
    const sent = [
      { decisionId: 'sealed-1', modelId: 'm', input: 'who are you', prediction: 'nobody' },
      { decisionId: 'gone-1', modelId: 'm', input: 'x y', prediction: 'z', affectedUserId: 'ann' },
      { decisionId: 'failed-1', modelId: 'm', input: 'x y', status: 'error' },
    ]
    expect((await server.post('/v1/decisions', sent)).status).toBe(201)
    await server.fetch('/v1/subjects/ann', { method: 'DELETE' })
    const there = ['--url', server.url, '--key', server.key]
    const blind = await runCommand(['reproduce', 'sealed-1', ...there])
    expect(blind).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('missing      /input: sealed, needed'),
    })
    expect((await reproduce('sealed-1')).code).toBe(0)
    await expect
      .poll(async () => (await reproduce('gone-1')).stderr, { timeout: 60_000 })
      .toContain('gone-1: erased')
    const command = program('answer({ prediction: "nobody" })')
    const { stdout, code } = await reproduce('gone-1', 'failed-1', '--run', command, '--json')
    expect(code).toBe(3)
    expect((JSON.parse(stdout) as ReplayReport).items).toEqual([
      expect.objectContaining({ decisionId: 'failed-1', why: 'missing', detail: '/prediction not_recorded' }),
      expect.objectContaining({ id: 'gone-1', why: 'missing', detail: 'erased' }),
    ])
  })

  test('shows a key no more than its role sees, and says what it withheld', async () => {
    const made = await server.post('/v1/keys', { name: 'Ada', roles: ['reviewer'] })
    const { key } = (await made.json()) as { key: string }
    const inputFeatures = { income: 900, age: 41 }
    await server.post('/v1/decisions', { decisionId: 'seen-1', modelId: 'm', inputFeatures, prediction: 'c' })
    const there = ['--url', server.url, '--key', key, '--purpose', 'appeal', '--json']
    const { code, stdout } = await runCommand(['reproduce', 'seen-1', ...there])
    expect(code).toBe(3)
    const { inputs, missing } = JSON.parse(stdout) as ReplayPackage
    expect(inputs).toEqual({ inputFeatures: { income: 900, age: { sealed: true, withheld: 'protected' } } })
    expect(missing).toContainEqual({ path: '/inputFeatures/age', reason: 'withheld', isNeeded: true })
  })

  test('compares a text of a model that answers in words, and detects one that ignores the question', async () => {
    const messages = [
      { role: 'user', content: 'may I repay early' },
      { role: 'assistant', content: 'early repay I may' },
    ]
    await server.post('/v1/decisions', { decisionId: 'chat-1', modelId: 'chat', messages })
    const reversing =
      'answer({ messages: [{ role: "assistant", content: inputs.messages.at(-1).content.split(" ").reverse().join(" ") }] })'
    expect((await replayed(program(reversing), 'chat-1')).report.verdict).toBe('reproduced')
    const fixed = 'answer({ messages: [{ role: "assistant", content: "early repay I may" }] })'
    const { report } = await replayed(program(fixed), 'chat-1')
    expect(report.items[0]).toMatchObject({ verdict: 'not_comparable', why: 'ignores_inputs' })
    const other = 'answer({ messages: [{ role: "assistant", content: String(inputs.messages.length) }] })'
    expect((await replayed(program(other), 'chat-1')).report.items[0]).toMatchObject({
      verdict: 'diverged',
      differences: [{ path: '/messages/0/content', recorded: 'early repay I may', replayed: '1' }],
    })
  })

  test('refuses what only a shell would understand, programs and ids that are not there, and records that are no decision', async () => {
    for (const command of ['node score.mjs | tee log', '$SCORER', "node 'score it.mjs'", '["node", 3]', ' '])
      expect((await reproduce(idOf(0), '--run', command)).code).toBe(2)
    expect(await reproduce(idOf(0), '--run', './no-such-program')).toMatchObject({
      code: 2,
      stderr: './no-such-program cannot be started\n',
    })
    expect((await reproduce('nobody')).code).toBe(2)
    expect((await reproduce()).code).toBe(2)
    expect((await reproduce(idOf(0), '--tolerance', '-1')).code).toBe(2)
    const { items } = await server.get<{ items: { name: string }[] }>('/v1/systems')
    expect(items.length).toBeGreaterThan(0)
    const sql = "SELECT id FROM records WHERE kind = 'model.deployed' LIMIT 1"
    const { rows } = (await (await server.post('/v1/sql', { sql })).json()) as { rows: [string][] }
    expect((await reproduce(rows[0]![0])).stderr).toContain('is no decision: its kind is model.deployed')
  })

  test('tells in words what diverged and how a program that ends early ended', async () => {
    const { code, stdout, stderr } = await reproduce(idOf(0), '--run', program('process.exit(4)'))
    expect(code).toBe(3)
    expect(stderr).toContain('the program ended with code 4')
    expect(stdout).toContain(`${idOf(0)} not_comparable (no_answer)`)
    const wrong = await reproduce(idOf(0), '--run', program('answer({ prediction: "maybe" })'))
    expect(wrong.stdout).toContain(
      `  /prediction: recorded ${JSON.stringify(decisions[0]!['prediction'])}, replayed "maybe"`,
    )
  })
})
