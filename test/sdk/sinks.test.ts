import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { AIAuditLogger, deponent } from '@deponent/sdk'
import type { Issue, SinkOptions } from '@deponent/sdk'
import { LedgerServer } from './ledger-server.ts'

const run = promisify(execFile)
const source = fileURLToPath(new URL('../../packages/sdk/src/index.ts', import.meta.url))
const MAIL = 'ann@example.com'
const IBAN = 'DE89 3704 0044 0532 0130 00'
const decision = { modelId: 'm', prediction: 'yes' }
let file: string
let issues: Issue[]

beforeEach(async () => {
  file = join(await mkdtemp(join(tmpdir(), 'sink-')), 'records.jsonl')
  issues = []
})

const client = (options: Partial<SinkOptions> = {}) =>
  deponent({
    sink: { file },
    flushIntervalMs: 3_600_000,
    onError: (issue) => void issues.push(issue),
    ...options,
  })

async function lines(): Promise<Record<string, unknown>[]> {
  const text = await readFile(file, 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('a file', () => {
  it('holds a line for every record, of whatever kind, that only its owner reads', async () => {
    const audit = client({ system: 'credit' })
    const decisionId = audit.log(decision)
    audit.outcome({ decisionId, outcome: 'repaid' })
    expect(await audit.flush()).toBe(0)
    audit.wrap((a: number) => a + 1, { modelId: 'm' })(1)
    await audit.close()
    expect(await lines()).toMatchObject([
      { ...decision, decisionId, system: 'credit', timestamp: expect.any(String) },
      { kind: 'outcome', decisionId, outcome: 'repaid' },
      { input: 1, prediction: 2, status: 'ok' },
    ])
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(audit.stats()).toMatchObject({ reported: 3, recorded: 3, waiting: 0, lost: 0 })
  })

  it('names nobody: people, and what is found by name or form, are keyed hashes, equal where they were equal', async () => {
    const audit = client({ hashKey: 'secret' })
    audit.log({
      ...decision,
      affectedUserId: 'ann',
      userId: 'bo',
      inputFeatures: { email: 'x', income: 900, account: IBAN, email_domain: 'example.com', [MAIL]: 1 },
      messages: [{ role: 'user', content: `${'word '.repeat(600)}${MAIL}` }],
    })
    audit.action({ toolName: 'mail', affectedUserId: 'ann' })
    await audit.close()
    const [first, second] = (await lines()) as [Record<string, unknown>, Record<string, unknown>]
    const hash = expect.stringMatching(/^hash_[\w-]{22}$/) as string
    expect(first).toMatchObject({
      affectedUserId: hash,
      userId: hash,
      inputFeatures: { email: hash, income: 900, account: hash, email_domain: 'example.com' },
      messages: [{ role: 'user', content: hash }],
    })
    expect(second['affectedUserId']).toBe(first['affectedUserId'])
    expect(first['userId']).not.toBe(first['affectedUserId'])
    const again = client({ hashKey: 'secret' })
    again.log({ ...decision, affectedUserId: 'ann' })
    const other = client()
    other.log({ ...decision, affectedUserId: 'ann' })
    await again.close()
    await other.close()
    const people = (await lines()).map(({ affectedUserId }) => affectedUserId)
    expect([people[2] === people[0], people[3] === people[0]]).toEqual([true, false])
  })

  it('names no person of any role, however deep in a record it stands and in either spelling', async () => {
    const audit = client()
    audit.log({
      ...decision,
      context: { userId: 'bo', ip_address: 'host-7', sessionId: 's' },
      reviewer: { id: 'rita', role: 'clerk' },
      metadata: { steps: [{ requester: 'otto', approver_id: 'vera' }], note: 'n' },
    })
    audit.review({ decisionId: 'd', verdict: 'agree', reviewer: 'rita' })
    await audit.close()
    const hash = expect.stringMatching(/^hash_[\w-]{22}$/) as string
    expect(await lines()).toMatchObject([
      {
        context: { userId: hash, ip_address: hash, sessionId: 's' },
        reviewer: { id: hash, role: hash },
        metadata: { steps: [{ requester: hash, approver_id: hash }], note: 'n' },
      },
      { verdict: 'agree', reviewer: hash },
    ])
  })

  it('is written as it is only for who says so', async () => {
    const audit = client({ hashSensitive: false })
    audit.log({ ...decision, userId: MAIL })
    await audit.close()
    expect(await lines()).toMatchObject([{ userId: MAIL }])
  })

  it('that cannot be written costs the application nothing, and what is left in the end is declared lost', async () => {
    await mkdir(file)
    const audit = client()
    audit.log(decision)
    expect(await audit.flush({ timeoutMs: 50 })).toBe(1)
    await audit.close({ timeoutMs: 50 })
    expect(audit.stats()).toMatchObject({ reported: 1, lost: 1, waiting: 0 })
    expect(issues).toContainEqual(expect.objectContaining({ code: 'lost', reason: 'closed', count: 1 }))
  })

  it('never holds a mail address, wherever in a record it stood', async () => {
    const audit = client()
    const placed = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constant(MAIL),
        fc.string().map((text) => `${text} ${MAIL} `),
        fc.integer(),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('value'), { maxLength: 3 }),
      object: fc.dictionary(fc.oneof(fc.string(), fc.constant(MAIL)), tie('value'), { maxKeys: 3 }),
    }))
    const names = fc.constantFrom(
      'input',
      'messages',
      'metadata',
      'explanation',
      'userId',
      'decisionId',
      'unknown',
    )
    fc.assert(
      fc.property(names, placed.value, (name, value) => {
        audit.log({ ...decision, [name]: value })
      }),
      { numRuns: 300 },
    )
    await audit.close()
    expect(await lines()).toHaveLength(300)
    expect(await readFile(file, 'utf8')).not.toContain(MAIL)
  })
})

it('standard output carries a line for every record, and a process that ends by itself writes its last ones', async () => {
  const program = `import { deponent } from ${JSON.stringify(source)}
    const audit = deponent({ sink: 'stdout' })
    for (let i = 0; i < 3; i++) audit.log({ modelId: 'm', prediction: i })`
  const { stdout, stderr } = await run(process.execPath, [
    '--input-type=module-typescript',
    '--eval',
    program,
  ])
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toMatchObject([{ prediction: 0 }, { prediction: 1 }, { prediction: 2 }])
  expect(stderr).toBe('')
})

it('AIAuditLogger takes the call others have, and keeps every argument', async () => {
  const server = new LedgerServer()
  const logger = new AIAuditLogger({ url: await server.start(), key: 'k' })
  const call = {
    model_version: '1',
    input_data: { income: 900 },
    output: 'declined',
    confidence: 0.7,
    user_id: 'u',
    session_id: 's',
    trace_id: 't',
    explanation: 'low income',
    latency_ms: 12,
    metadata: { branch: 'north' },
  }
  const id = logger.log_decision({ model_id: 'm', ...call })
  expect(await logger.flush()).toBe(0)
  expect(server.records).toEqual([{ model_id: 'm', ...call, decisionId: id, timestamp: expect.any(String) }])
  await logger.close()
  await server.stop()
})
