import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Envelope, One } from './answers.ts'
import { BIN, newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

const COMMANDS = ['serve', 'demo', 'import', 'record', 'export', 'verify', 'query', 'reindex', 'doctor']

let place: Place
let server: ServerProcess
let files: string

/** Writes a file for a command to read and gives its path. */
async function file(name: string, content: unknown): Promise<string> {
  const path = join(files, name)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

/** Runs a command against the running server. */
const run = (
  args: readonly string[],
  input?: string,
): Promise<{ code: number; stdout: string; stderr: string }> =>
  runCommand([...args, '--data', place.data, '--signer-state', place.signer], input)
const runJson = async (
  args: readonly string[],
  input?: string,
): Promise<Record<string, unknown> & { code: number }> => {
  const { code, stdout, stderr } = await run([...args, '--json'], input)
  expect({ stderr, lines: stdout.trim().split('\n').length }).toEqual({ stderr, lines: 1 })
  return { ...(JSON.parse(stdout) as Record<string, unknown>), code }
}
const lines = (records: readonly unknown[]): string =>
  records.map((record) => JSON.stringify(record)).join('\n')
const opened = async (id: string): Promise<One> => {
  const response = await server.fetch(`/v1/decisions/${id}`, { headers: { 'Deponent-Purpose': 'test' } })
  return (await response.json()) as One
}

beforeAll(async () => {
  place = await newPlace()
  files = await mkdtemp(join(tmpdir(), 'deponent-files-'))
  server = await ServerProcess.start(place)
})
afterAll(() => server.stop())

describe.concurrent('help', () => {
  test('names every command', async () => {
    const { code, stdout } = await runCommand(['--help'])
    expect(code).toBe(0)
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'))
  })

  test.each(COMMANDS)('%s --help shows an example', async (command) => {
    const { code, stdout } = await runCommand([command, '--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`Example:\\n {2}.*deponent ${command}`))
  })

  test('--version is a version', async () => {
    const { code, stdout } = await runCommand(['--version'])
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    })
  })
})

describe.concurrent('what was not understood ends with 2, in words and without a stack', () => {
  test.each([
    [['explode'], /unknown command/],
    [['serve', '--colour'], /unknown option/],
    [['serve', '--port', 'ten'], /port/],
    [['serve', '--port', '70000'], /port/],
    [['serve', '--host', '0.0.0.0'], /--tls-cert FILE and --tls-key FILE, or --behind-proxy/],
    [['import'], /missing required argument/],
    [['import', 'nowhere.csv', '--mapping', 'nowhere.json'], /no such file/],
    [['import', 'nowhere.jsonl', '--dry-run'], /no such file/],
    [['import', 'nowhere.csv'], /no such file/],
    [['import', 'nowhere.csv', '--format', 'xml'], /--format/],
    [['import', 'nowhere.csv', '--set', 'system'], /FIELD=VALUE/],
    [['record', 'horoscope', '-'], /unknown kind/],
    [['record', 'decision', 'nowhere.json'], /no such file/],
    [['query', 'SELECT 1', '--data', 'nowhere'], /not a data directory/],
    [['query', 'SELECT 1', '--url', 'http://127.0.0.1:1'], /--key/],
    [['query', 'SELECT 1', '--url', 'somewhere', '--key', 'k'], /--url/],
    [['reindex', '--data', 'nowhere'], /not a data directory/],
    [['verify', 'nowhere'], /no such file/],
    [['verify', tmpdir()], /is a directory/],
    [['serve', '--data', '/dev/null/x'], /ENOTDIR|EEXIST/],
  ])('%j', async (args, words) => {
    const { code, stdout, stderr } = await runCommand(args)
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(words) as string,
    })
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(existsSync('nowhere')).toBe(false)
  })

  test('a server that is not there ends with 70 in words', async () => {
    const { code, stderr } = await runCommand([
      'query',
      'SELECT 1',
      '--url',
      'http://127.0.0.1:1',
      '--key',
      'k',
    ])
    expect({ code, stderr }).toEqual({ code: 70, stderr: 'no answer from http://127.0.0.1:1\n' })
  })

  test('a key that is not the right one ends with 2', async () => {
    const { code, stderr } = await runCommand(['query', 'SELECT 1', '--url', server.url, '--key', 'k'])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^unauthorized/) as string })
  })
})

describe('import', () => {
  test('records JSON Lines as they are, and sending them again changes nothing', async () => {
    const path = await file(
      'plain.jsonl',
      lines([0, 1, 2].map((i) => ({ decisionId: `plain-${i}`, modelId: 'm', prediction: i }))),
    )
    const first = await runJson(['import', path])
    expect(first).toMatchObject({
      code: 0,
      lines: 3,
      records: 3,
      recorded: 3,
      duplicates: 0,
      rejected: 0,
      errors: [],
    })
    expect(await runJson(['import', path])).toMatchObject({ code: 0, recorded: 0, duplicates: 3 })
    expect(await run(['import', path])).toMatchObject({
      code: 0,
      stdout: '3 lines: 0 recorded, 3 duplicates, 0 rejected\n',
      stderr: '',
    })
  })

  test('reads standard input', async () => {
    const input = lines([{ decisionId: 'piped', modelId: 'm', prediction: 1 }])
    expect(await runJson(['import', '-', '--format', 'jsonl'], input)).toMatchObject({ code: 0, recorded: 1 })
  })

  test('reports the lines it could not keep, keeps the others, and ends with 1', async () => {
    const path = await file(
      'mixed.jsonl',
      [
        '{"decisionId":"mixed-0","modelId":"m","prediction":1}',
        '{"modelId":',
        '',
        '{"modelId":"m","modelId":"n","prediction":1}',
        '{"prediction":1}',
        '7',
        '{"modelId":"m","prediction":"\\ud800"}',
        '{"decisionId":"mixed-7","modelId":"m","prediction":12345678901234567890}',
      ].join('\n'),
    )
    const answer = await runJson(['import', path])
    expect(answer).toMatchObject({ code: 1, recorded: 2, rejected: 5 })
    expect(
      (answer.errors as { line: number; code: string }[]).map(({ line, code }) => `${line} ${code}`),
    ).toEqual(
      expect.arrayContaining([
        '2 bad_json',
        '4 duplicate_key',
        '5 missing_field',
        '6 wrong_type',
        '7 lone_surrogate',
      ]),
    )
    const { record } = await opened('mixed-7')
    expect(record).toMatchObject({ prediction: '12345678901234567890', coerced: ['/prediction'] })
    const { stderr } = await run(['import', path])
    expect(stderr).toMatch(/^line 2: bad_json/m)
    expect(stderr).toMatch(/^line 5: missing_field \/modelId/m)
  })

  test('a file of records larger than a request may be', async () => {
    const path = await file(
      'large.jsonl',
      lines(
        Array.from({ length: 200 }, (_, i) => ({
          decisionId: `large-${i}`,
          modelId: 'm',
          prediction: i,
          input: `${i}`.padEnd(200_000, 'x'),
        })),
      ),
    )
    expect(await runJson(['import', path])).toMatchObject({ code: 0, recorded: 200, rejected: 0 })
  })

  const MAPPING = {
    kind: 'decision',
    fields: {
      decisionId: { template: 'csv-{id}' },
      affectedUserId: { template: 'person-{id}' },
      modelId: { const: 'scores' },
      prediction: { from: 'score', map: { A: 'low', B: 'high' } },
      'inputFeatures.age': { from: 'age', type: 'integer' },
    },
    then: [{ kind: 'outcome', fields: { outcome: { from: 'defaulted', type: 'integer' } } }],
  }
  const CSV = 'id,score,age,defaulted\n1,A,30,0\n2,B,41,1\n3,C,50,1\n4,B,old,0\n'

  test('a mapping makes records of rows, several of one', async () => {
    const args = ['import', await file('scores.csv', CSV), '--mapping', await file('mapping.json', MAPPING)]
    const answer = await runJson(args)
    expect(answer).toMatchObject({ code: 1, lines: 4, records: 4, recorded: 4, rejected: 2 })
    expect(answer.errors).toMatchObject([
      { line: 4, code: 'unmapped_value' },
      { line: 5, code: 'bad_integer' },
    ])
    expect(await opened('csv-2')).toMatchObject({
      record: {
        modelId: 'scores',
        prediction: 'high',
        inputFeatures: { age: 41 },
        affectedUserId: 'person-2',
      },
    })
    const { items } = await (await server.indexed(),
    server.get<{ items: One[] }>('/v1/decisions/csv-2/timeline'))
    expect(items.map(({ kind, record }) => [kind, record.outcome])).toEqual([['outcome', 1]])
  })

  test('--dry-run says what would be refused and records nothing', async () => {
    const recorded = async (): Promise<string | undefined> =>
      /^deponent_records_recorded_total\{ledger="default"\} (\d+)$/m.exec(
        await (await server.fetch('/metrics')).text(),
      )?.[1]
    const before = await recorded()
    expect(before).toBeDefined()
    const args = [
      'import',
      await file('scores.csv', CSV.replaceAll(/^(\d)/gm, '9$1')),
      '--mapping',
      await file('mapping.json', MAPPING),
      '--dry-run',
    ]
    expect(await runJson(args)).toMatchObject({ code: 1, records: 4, recorded: 0, rejected: 2 })
    const path = await file(
      'dry.jsonl',
      lines([
        { modelId: 'm', prediction: 1 },
        { modelId: 'm', prediction: 1, confidence: 2 },
      ]),
    )
    const dry = await run(['import', path, '--dry-run'])
    expect(dry.code).toBe(1)
    expect(dry.stdout).toMatch(/^2 lines: 2 records, 1 rejected; nothing was recorded$/m)
    expect(dry.stderr).toMatch(/^line 2: out_of_range \/confidence/)
    expect(await recorded()).toBe(before)
  })

  test.each([
    ['is not JSON', '{"kind":', /is not JSON/],
    ['has a key nobody knows', { kind: 'decision', field: {} }, /fields/],
    ['is of no kind', { kind: 'horoscope', fields: {} }, /kind/],
    ['is empty', {}, /kind|fields/],
  ])('a mapping that %s is refused before anything is read', async (_, mapping, words) => {
    const { code, stderr } = await run([
      'import',
      await file('scores.csv', CSV),
      '--mapping',
      await file('bad-mapping.json', mapping),
    ])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(words) as string })
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  test('a file that cannot be read to its end is recorded up to there, and says where', async () => {
    const path = await file(
      'broken.csv',
      `id,score,age,defaulted\n${Array.from({ length: 2_000 }, (_, i) => `b${i},A,1,0`).join('\n')}\nx,"A,1,0\n`,
    )
    const answer = await runJson(['import', path, '--mapping', await file('mapping.json', MAPPING)])
    expect(answer).toMatchObject({
      code: 1,
      errors: [{ code: 'bad_csv', line: expect.any(Number) as number }],
    })
    expect(answer.recorded).toBeGreaterThan(3_000)
  })
})

describe('record', () => {
  test('records one or several from a file or standard input and waits for the checkpoint', async () => {
    const decision = { decisionId: 'hand-1', modelId: 'm', prediction: 'high' }
    const envelope = await runJson(['record', 'decision', '-'], JSON.stringify(decision))
    expect(envelope).toMatchObject({
      code: 0,
      recorded: 1,
      receipts: [{ decisionId: 'hand-1', status: 'recorded' }],
    })
    expect((await server.fetch('/v1/decisions/hand-1/proof')).status).toBe(200)
    const outcomes = await file('outcomes.json', [
      { decisionId: 'hand-1', outcome: 1 },
      { decisionId: 'hand-1', kind: 'outcome', outcome: 12345678901234567890n.toString() },
    ])
    const { code, stdout } = await run(['record', 'outcome', outcomes])
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^(recorded [0-9a-f-]{36} at \d+\n){2}$/) as string,
    })
  })

  test('what is refused is printed and ends with 1', async () => {
    const { code, stdout } = await run(
      ['record', 'decision', '-'],
      '[{"modelId":"m"},{"modelId":"m","prediction":1}]',
    )
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringMatching(/^recorded .+\nrejected 0 missing_field \/prediction: .+\n$/) as string,
    })
  })

  test.each([
    ['half an object', 'decision', '{"modelId":'],
    ['a name that comes twice', 'outcome', '{"decisionId":"hand-1","outcome":1,"outcome":2}'],
    ['another kind', 'outcome', '{"kind":"review","decisionId":"hand-1","comment":"x"}'],
  ])('%s is not sent', async (_, kind, input) => {
    const { code, stderr } = await run(['record', kind, '-'], input)
    expect(code).toBe(2)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  test('numbers a double cannot carry arrive as they were written', async () => {
    const { receipts } = (await runJson(
      ['record', 'outcome', '-'],
      '{"decisionId":"hand-1","outcome":12345678901234567890}',
    )) as unknown as Envelope
    expect((await opened(receipts[0]!.id)).record).toMatchObject({
      outcome: '12345678901234567890',
      coerced: ['/outcome'],
    })
  })
})

describe('query', () => {
  test('prints a table, or JSON', async () => {
    await server.indexed()
    const sql = "SELECT modelId, count() AS n FROM decisions WHERE modelId = 'scores' GROUP BY modelId"
    expect(await run(['query', sql])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^modelId {2,}n\nscores {3,}\d+\n$/) as string,
    })
    expect(await runJson(['query', sql])).toMatchObject({
      code: 0,
      columns: [{ name: 'modelId' }, { name: 'n' }],
      truncated: false,
    })
  })

  test('a statement that is refused ends with 2', async () => {
    for (const sql of ['DROP TABLE decisions', 'SELECT nothing FROM decisions', '']) {
      const { code, stderr } = await run(['query', sql])
      expect(code).toBe(2)
      expect(stderr).not.toMatch(/\n\s+at /)
    }
  })
})

describe('verify', () => {
  let receipt: string
  let trust: string

  beforeAll(async () => {
    const { stdout } = await run(
      ['record', 'decision', '-', '--json'],
      '[{"modelId":"m","prediction":1},{"modelId":"m","prediction":2}]',
    )
    receipt = await file('receipt.json', stdout)
    const response = await server.fetch('/ledgers/default/vkey', { headers: { Accept: 'application/json' } })
    const { origin, checkpoint, promise } = (await response.json()) as Record<string, string>
    trust = await file('trust.json', {
      ledgers: [
        {
          origin,
          keys: [
            { vkey: checkpoint, use: 'checkpoint', sizes: '0..' },
            { vkey: promise, use: 'promise', sizes: '0..' },
          ],
          witnesses: [],
          quorum: 0,
          timestampRoots: [],
        },
      ],
    })
  })
  const verify = async (
    ...args: string[]
  ): Promise<{ code: number; verdict: string; codes: string[]; checked: Record<string, number> }> => {
    const { code, stdout, stderr } = await runCommand(['verify', ...args, '--json'])
    expect(stderr).toBe('')
    const { verdict, findings, checked } = JSON.parse(stdout) as {
      verdict: string
      findings: { code: string }[]
      checked: Record<string, number>
    }
    expect(Object.keys(checked)).toEqual(['entries', 'checkpoints', 'payloads', 'erased'])
    return { code, verdict, codes: findings.map((finding) => finding.code), checked }
  }

  test('a receipt without trust is incomplete and says why', async () => {
    expect(await verify(receipt)).toMatchObject({ code: 3, verdict: 'incomplete', codes: ['trust_missing'] })
  })

  test('a receipt is valid under a trust file, as the whole answer or alone with its promise', async () => {
    expect(await verify(receipt, '--trust', trust)).toEqual({
      code: 0,
      verdict: 'valid',
      codes: [],
      checked: { entries: 2, checkpoints: 0, payloads: 0, erased: 0 },
    })
    const { receipts, promise } = JSON.parse(await readFile(receipt, 'utf8')) as Envelope
    const alone = await file('alone.json', { ...receipts[1], promise })
    expect(await verify(alone, '--trust', trust)).toMatchObject({
      code: 0,
      verdict: 'valid',
      checked: { entries: 1 },
    })
  })

  test('a receipt that was changed is invalid', async () => {
    const text = await readFile(receipt, 'utf8')
    const { receipts } = JSON.parse(text) as Envelope
    const [first] = receipts[0]!.leafHash
    const changed = await file(
      'changed.json',
      text.replace(`"leafHash":"${first}`, `"leafHash":"${first === '0' ? '1' : '0'}`),
    )
    expect(await verify(changed, '--trust', trust)).toMatchObject({ code: 1, verdict: 'invalid' })
    expect(await verify(await file('no-receipt.json', '{"receipts":[{}]}'), '--trust', trust)).toMatchObject({
      code: 1,
      codes: ['receipt_malformed'],
    })
  })

  test('a receipt agrees with a checkpoint of its ledger, and is judged unrelated to another', async () => {
    const checkpoint = await file(
      'checkpoint',
      await (await server.fetch('/ledgers/default/checkpoint')).text(),
    )
    expect((await verify(receipt, '--trust', trust, '--against', checkpoint)).code).not.toBe(1)
  })

  test('a receipt of duplicates alone promises nothing', async () => {
    const again = '{"decisionId":"hand-1","modelId":"m","prediction":"high"}'
    const { stdout } = await run(['record', 'decision', '-', '--json'], again)
    expect(await verify(await file('duplicate.json', stdout), '--trust', trust)).toMatchObject({
      code: 3,
      codes: ['promise_missing'],
    })
  })

  test('a trust file that is none, or a known head that is none, is said', async () => {
    const { code, stderr } = await runCommand(['verify', receipt, '--trust', receipt])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/.+/) as string })
    expect((await verify(receipt, '--trust', trust, '--against', trust)).codes).toContain('head_malformed')
  })

  test('prints findings and one line of verdict for people', async () => {
    const { code, stdout } = await runCommand(['verify', receipt])
    expect(code).toBe(3)
    expect(stdout).toMatch(
      /^gap {3}trust_missing: .+\nincomplete: 2 entries, 0 checkpoints, 0 payloads, 0 erased\n$/,
    )
  })

  test('the directory: by its own keys, by a trust file, against what is known from elsewhere, and with the server running', async () => {
    const own = await verify(place.data)
    expect(own).toMatchObject({ code: 0, verdict: 'valid' })
    expect(own.codes).toContain('trust_self')
    const trusted = await verify(place.data, '--trust', trust, '--against', receipt)
    expect(trusted).toMatchObject({ code: 0, verdict: 'valid' })
    expect(trusted.codes).not.toContain('trust_self')
    expect(trusted.checked.payloads).toBe(trusted.checked.entries)
  })

  test('a reader that goes away changes nothing about the verdict', async () => {
    const child = spawn(process.execPath, [BIN, 'verify', place.data], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    child.stderr.resume()
    expect(await once(child, 'close')).toEqual([0, null])
  })

  test('the directory is not valid under the keys of somebody else', async () => {
    const foreign = await file(
      'foreign.json',
      (await readFile(trust, 'utf8')).replaceAll(
        /deponent\.invalid\/[0-9a-f]{8}/g,
        'deponent.invalid/00000000',
      ),
    )
    expect((await runCommand(['verify', place.data, '--trust', foreign])).code).not.toBe(0)
  })
})

describe('doctor', () => {
  test('says what is so of the directory and its server', async () => {
    const { code, stdout } = await runCommand(['doctor', '--data', place.data, '--json'])
    expect(code).toBe(0)
    const { observations } = JSON.parse(stdout) as {
      observations: { what: string; state: string; detail: string }[]
    }
    const of = (what: string): string =>
      observations.find((observation) => observation.what === what)?.state ?? ''
    expect(observations.every(({ state }) => ['ok', 'attention', 'problem'].includes(state))).toBe(true)
    expect([of('version'), of('data directory'), of('server'), of('witnesses')]).toEqual([
      'ok',
      'ok',
      'ok',
      'attention',
    ])
    expect(observations.find(({ what }) => what === 'server')!.detail).toContain(server.url)
  })

  test('says so where there is no directory, and makes none', async () => {
    const path = join(files, 'none')
    const { code, stdout } = await runCommand(['doctor', '--data', path])
    expect(code).toBe(0)
    expect(stdout).toMatch(/data directory +attention/)
    expect(existsSync(path)).toBe(false)
  })
})

describe('a directory of its own', () => {
  test('is made, recorded into, queried, indexed anew and verified without a server', async () => {
    const own = await newPlace()
    const at = ['--data', own.data, '--signer-state', own.signer]
    const decision = '{"decisionId":"alone","modelId":"m","prediction":1}'
    expect(await runCommand(['record', 'decision', '-', ...at], decision)).toMatchObject({
      code: 0,
      stderr: '',
    })
    const answer = await runCommand(['reindex', ...at, '--json'])
    expect(answer).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(answer.stdout)).toMatchObject({
      entries: expect.any(Number),
      ledgers: [{ ledger: 'default' }],
    })
    const queried = await runCommand(['query', 'SELECT decisionId FROM decisions', ...at, '--json'])
    expect(JSON.parse(queried.stdout)).toMatchObject({ rows: [['alone']] })
    expect((await runCommand(['verify', own.data])).code).toBe(0)
  })

  test('reindex is refused while its server runs', async () => {
    const { code, stderr } = await runCommand([
      'reindex',
      '--data',
      place.data,
      '--signer-state',
      place.signer,
    ])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/another process/) as string })
  })

  test('what listens at the address a dead server left behind gets neither key nor record', async () => {
    const own = await newPlace()
    const dead = await ServerProcess.start(own)
    await dead.stop('SIGKILL')
    await writeFile(join(own.data, 'state/server.json'), JSON.stringify({ url: server.url }))
    const { code } = await runCommand(
      ['record', 'decision', '-', '--data', own.data, '--signer-state', own.signer],
      '{"decisionId":"mine","modelId":"m","prediction":1}',
    )
    expect(code).toBe(0)
    expect((await server.fetch('/v1/decisions/mine')).status).toBe(404)
  })
})

test('demo --no-live seeds a company and serves it; stopped in the middle it ends with 0 and says so', async () => {
  const own = await newPlace()
  const company = await ServerProcess.start(own, ['demo', '--no-live'])
  interface Systems {
    items: { name: string; decisions: number }[]
  }
  let systems: Systems = { items: [] }
  while (systems.items.length < 3 || systems.items.some(({ decisions }) => decisions < 20)) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    systems = await company.get<Systems>('/v1/systems')
  }
  expect(systems.items).toHaveLength(3)
  expect(await company.stop()).toBe(0)
  expect(company.stderr.join('\n')).toMatch(/^\d+ records of .+, an invented company, in .+\nstopped before/)
  expect((await runCommand(['verify', own.data])).code).toBe(0)
  const again = await ServerProcess.start(own, ['demo', '--no-live'])
  await again.indexed()
  expect((await again.get<Systems>('/v1/systems')).items).toHaveLength(3)
  expect(await again.stop()).toBe(0)
})

describe('retention', () => {
  test('lints settings of a file, names what is wrong in one that cannot be read, and lists its presets', async () => {
    const lint = (settings: object) => runCommand(['retention', 'lint', '-'], JSON.stringify(settings))
    const day = { version: 1, systems: { '*': { policies: ['development'] } } }
    expect(await lint(day)).toMatchObject({ code: 0, stdout: 'nothing to say\n' })
    const years = await lint({ version: 1, systems: { '*': { policies: ['standard'] } } })
    expect(years).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('day_count_misses_years: *, standard: 365 days'),
    })
    const wrong = await lint({ version: 1, systems: { credit: { policies: ['seven'] } } })
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('/systems/credit/policies/0') })
    const { stdout } = await runCommand(['retention', 'presets'])
    expect(stdout).toMatch(/^high_risk +period +P3650D +event/m)
    expect(stdout).toMatch(/^high-risk +period +P10Y +event/m)
  })
})
