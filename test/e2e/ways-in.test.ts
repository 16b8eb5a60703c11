/**
 * Every way a record comes in, each with a mail address where the index would take it and a word in what is sealed anyway; then
 * everything the server wrote is looked through for both. A way that is not listed here fails this test.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { Deponent } from '@deponent/sdk'
import { recordingMiddleware } from '@deponent/sdk/ai'
import { recordingHandler } from '@deponent/sdk/langchain'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { ROUTES } from '../../packages/server/src/api/contract.ts'
import type { Operation, Route } from '../../packages/server/src/api/route.ts'
import { openDirectory } from '../../packages/server/src/directory.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { IndexEngine } from '../../packages/server/src/projection/index.ts'
import { deriveKey } from '../../packages/server/src/vault/root-key.ts'
import { BIN, newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

/** Found by its form. Written so that it is not in the text of this file as it would be on disk. */
const MAIL = ['zq7marker', 'example.com'].join('@')
/** Looks like nothing, and stands only where everything is sealed. */
const WORD = ['Zq7', 'Hidden', 'Word'].join('')
const MARKS = [MAIL, WORD]

/** Fields that reach the index when nothing is found in them, of any kind. */
const indexed = (decisionId: string) => ({
  decisionId,
  modelId: 'm',
  prediction: { to: MAIL },
  affectedUserId: MAIL,
  userId: MAIL,
  caseId: MAIL,
  traceId: MAIL,
  sessionId: MAIL,
  humanReviewed: true,
  humanReviewerId: MAIL,
  humanDecision: MAIL,
  inputFeatures: { contact: MAIL, [MAIL]: 1, city: 'Oslo' },
  messages: [{ role: 'user', content: `${WORD} ${MAIL}` }],
  metadata: { note: WORD },
  overrideReason: WORD,
})

/** A span that is a decision, with both marks wherever an application might put them. */
const markedSpan = () => ({
  resourceSpans: [
    {
      resource: { attributes: attributes({ 'service.name': 'default', 'user.note': WORD }) },
      scopeSpans: [
        {
          spans: [
            {
              traceId: 'd'.repeat(32),
              spanId: 'd'.repeat(16),
              name: MAIL,
              attributes: attributes({
                'gen_ai.operation.name': 'chat',
                'gen_ai.request.model': 'm',
                'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', content: `${WORD} ${MAIL}` }]),
                'audit.subject.id': MAIL,
                'audit.case.id': MAIL,
                'user.id': MAIL,
                'session.id': MAIL,
                [MAIL]: WORD,
              }),
            },
          ],
        },
      ],
    },
  ],
})
const markedLog = () => ({
  resourceLogs: [
    {
      resource: { attributes: attributes({ 'service.name': 'default' }) },
      scopeLogs: [{ logRecords: [{ eventName: MAIL, body: { stringValue: WORD }, severityText: MAIL }] }],
    },
  ],
})
/** A trace, a generation and a score of Langfuse, told with both marks. */
const markedBatch = () => {
  const event = (id: string, type: string, body: object) => ({
    id,
    type,
    timestamp: '2026-01-01T00:00:00Z',
    body,
  })
  const trace = { id: MAIL, name: WORD, userId: MAIL, sessionId: MAIL, input: WORD, tags: [WORD] }
  const generation = {
    id: MAIL,
    traceId: MAIL,
    name: MAIL,
    model: 'm',
    input: WORD,
    output: `${WORD} ${MAIL}`,
  }
  const score = { id: MAIL, traceId: MAIL, observationId: MAIL, name: 'quality', value: WORD, comment: MAIL }
  return {
    batch: [
      event('1', 'trace-create', trace),
      event('2', 'generation-create', { ...generation, metadata: { [MAIL]: WORD } }),
      event('3', 'score-create', score),
    ],
  }
}
const attributes = (of: Record<string, string>) =>
  Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }))

type Way = (server: ServerProcess, decision: string) => Promise<Response>
const about =
  (part: string, body: object): Way =>
  (server, decision) =>
    server.post(`/v1/decisions/${decision}/${part}`, body)

/** How each recording route is sent a record with both marks. */
const WAYS: Partial<Record<Operation, Way>> = {
  recordDecisions: (server) => server.post('/v1/decisions', [indexed('way-1'), indexed('way-2')]),
  recordRecords: (server, decision) =>
    server.post('/v1/records', [
      { kind: 'query', input: WORD, userId: MAIL, sessionId: MAIL, modelId: 'm' },
      { kind: 'action', action: WORD, affectedUserId: MAIL },
      { kind: 'outcome', decisionId: decision, outcome: MAIL },
      { kind: 'access.external', purpose: MAIL, actor: { id: MAIL }, recipient: WORD },
    ]),
  exportTraces: (server) => server.post('/v1/traces', markedSpan()),
  exportLogs: (server) => server.post('/v1/logs', markedLog()),
  ingestLangfuse: (server) => server.post('/api/public/ingestion', markedBatch()),
  putArtifact: (server, decision) =>
    server.post(`/v1/artifacts?decision=${decision}&name=${WORD}`, { says: `${WORD} ${MAIL}` }),
  recordReview: about('reviews', { verdict: 'agree', reviewerId: MAIL, humanDecision: MAIL, comment: WORD }),
  recordOutcome: about('outcomes', { outcome: MAIL, comment: WORD }),
  recordExplanation: about('explanations', { explanation: { reasoning: `${WORD} ${MAIL}` } }),
  recordContest: about('contests', { statement: WORD, affectedUserId: MAIL }),
  recordComment: about('comments', { text: `${WORD} ${MAIL}`, mentions: [MAIL] }),
  recordScore: about('scores', { name: 'quality', value: MAIL, comment: WORD, scorerId: MAIL }),
  recordModelEvent: (server) =>
    server.post('/v1/models/m/events', {
      eventType: 'deployed',
      modelVersion: '1',
      actor: MAIL,
      details: WORD,
    }),
}

/** Routes whose words become records of the server itself: what a person asked for, what was decided about them. */
const DESK_WAYS: Partial<Record<Operation, Way>> = {
  receiveRequest: (server) =>
    server.post('/v1/requests', { requestType: 'access', subject: MAIL, statement: `${WORD} ${MAIL}` }),
  placeHold: (server) =>
    server.post('/v1/holds', {
      ground: 'litigation',
      scope: { subjects: [MAIL] },
      owner: MAIL,
      reviewAt: '2199-01-01T00:00:00Z',
      reason: WORD,
    }),
  rectifySubject: (server, decision) =>
    server.post(
      `/v1/subjects/${MAIL}/rectifications`,
      { decision, statement: WORD, reason: MAIL },
      { 'Deponent-Purpose': WORD },
    ),
  restrictSubject: (server) =>
    server.post(`/v1/subjects/${MAIL}/restriction`, {
      isRestricted: true,
      reason: WORD,
      informedAt: '2026-01-01T00:00:00Z',
    }),
}

/** The same, of what one of the above began: their words lie where its words lie. */
const DESK_STEPS: readonly Operation[] = [
  'checkRequestIdentity',
  'extendRequest',
  'answerRequest',
  'refuseRequest',
  'mergeSubjects',
  'splitSubjects',
  'reviewHold',
  'releaseHold',
  'eraseSubject',
  'approveErasure',
]

/** Routes that take a body, or change something, and bring in no record of a sender. */
const NO_WAYS: readonly Operation[] = [
  'postBundles',
  'lookUpSubject',
  'postSql',
  'beginSession',
  'endSession',
  'makeKey',
  'rotateKey',
  'revokeKey',
  'putPolicy',
  'createLedger',
  'archiveLedger',
  'putPrivacy',
  'previewFields',
  'putRetention',
  'runRetention',
  'restoreTiers',
  'releaseTiers',
]

const isRecording = ({ action, judges }: Route): boolean =>
  judges === true || action === 'record' || action === 'review'

test('every route that brings records in is among the ways tried here', () => {
  const recording = ROUTES.filter(isRecording).map(({ operation }) => operation)
  expect(Object.keys(WAYS).toSorted()).toEqual(recording.toSorted())
})

test('every other route that is not a question is known, with what its words become', () => {
  const others = ROUTES.filter((route) => route.method !== 'GET' && !isRecording(route)).map(
    ({ operation }) => operation,
  )
  const known = [...NO_WAYS, ...DESK_STEPS, ...Object.keys(DESK_WAYS)]
  expect(known.toSorted()).toEqual(others.toSorted())
})

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch(absent)
  // A folder of a server that runs went while it was listed.
  if (!entries) return filesBelow(directory)
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** What a server that runs has removed in between counts as nothing. */
function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
  return undefined
}

/** Files that hold a mark as it is. Parts of the index are compressed; they are asked through the engine. */
async function filesWithMarks(place: Place): Promise<string[]> {
  const found: string[] = []
  for (const path of await filesBelow(dirname(place.data))) {
    // A server that runs on it removes files in between.
    const bytes = await readFile(path).catch(absent)
    if (!bytes) continue
    if (MARKS.some((mark) => bytes.includes(mark) || bytes.includes(Buffer.from(mark, 'utf16le'))))
      found.push(path)
  }
  return found
}

/** Tables of the engine, its own logs included, any value of which holds a mark. */
async function tablesWithMarks(place: Place): Promise<{ decisions: number; marked: string[] }> {
  const directory = await openDirectory(realDisk, realRandom, place.data)
  const sealKey = deriveKey(directory.master.key, 'deponent/index/v1')
  await directory.release()
  const engine = await IndexEngine.start({ directory: join(place.data, 'index'), sealKey })
  const client = engine.connect()
  try {
    const tables = await client.select<{ database: string; name: string }>(
      "SELECT database, name FROM system.tables WHERE engine LIKE '%MergeTree' OR (database = 'system' AND name LIKE '%log%')",
    )
    let decisions = 0
    const marked: string[] = []
    for (const { database, name } of tables) {
      const table = `${database}.${name}`
      const rows = await client.select<object>(`SELECT * FROM ${database}.\`${name}\``)
      if (table.endsWith('_index.decisions')) decisions += rows.length
      if (MARKS.some((mark) => JSON.stringify(rows).includes(mark))) marked.push(table)
    }
    const columns = await client.select<object>(
      "SELECT name, comment FROM system.columns WHERE database != 'system'",
    )
    const names = columns.map((column) =>
      Buffer.from((column as { comment: string }).comment, 'base64url').toString(),
    )
    if (names.some((name) => name.includes(MAIL))) marked.push('system.columns')
    return { decisions, marked }
  } finally {
    await client.close()
    await engine.stop()
  }
}

describe('with a marked record through every way in', () => {
  let place: Place
  let stderr: string[] = []
  const answers = new Map<string, string>()
  const kept: { way: string; status: number }[] = []

  beforeAll(async () => {
    place = await newPlace()
    const server = await ServerProcess.start(place, ['serve', '--trace-wait', '1'])
    stderr = server.stderr
    const answer = async (what: string, response: Response): Promise<void> => {
      answers.set(what, `${JSON.stringify([...response.headers])} ${await response.text()}`)
    }
    await server.post('/v1/decisions', { decisionId: 'plain', modelId: 'm', prediction: 'x' })
    for (const [way, send] of Object.entries(WAYS)) {
      const response = await send(server, 'plain')
      // Exporters are told that all is kept by 200 and an empty answer, clients of Langfuse by 207 without errors.
      const text = await response.clone().text()
      const isTaken =
        (response.status === 200 && text === '{}') ||
        (response.status === 207 && text.endsWith('"errors":[]}'))
      kept.push({ way, status: isTaken ? 201 : response.status })
      await answer(way, response)
    }
    await answer(
      'ndjson',
      await server.post('/v1/decisions', `${JSON.stringify(indexed('way-3'))}\n`, {
        'Content-Type': 'application/x-ndjson',
      }),
    )
    await sendToDesk(server)
    await sendByCommand(server)
    await sendBySdk(server)
    await tracesRecorded(server)
    for (const [what, response] of await rejectedOf(server)) await answer(what, response)
    for (const path of questions()) await answer(path, await server.fetch(path))
    await server.indexed()
    answers.set('readyz', await (await server.fetch('/readyz')).text())
    answers.set('metrics', await (await server.fetch('/metrics')).text())
    answers.set('fields', await (await server.fetch('/v1/systems/default/fields')).text())
    await server.indexed()
    await server.stop()
  }, 120_000)

  /** What is answered to the desk may name whom it is about; where it is kept is looked at. */
  async function sendToDesk(server: ServerProcess): Promise<void> {
    for (const [way, send] of Object.entries(DESK_WAYS)) {
      const { ok, status } = await send(server, 'way-1')
      kept.push({ way, status: ok ? 201 : status })
    }
  }

  /** Spans are recorded once their trace seems whole. */
  async function tracesRecorded(server: ServerProcess): Promise<void> {
    const name = `otel-${'d'.repeat(32)}-${'d'.repeat(16)}`
    while ((await server.fetch(`/v1/decisions/${name}`)).status === 404)
      await new Promise((resolve) => setTimeout(resolve, 50))
  }

  async function sendByCommand(server: ServerProcess): Promise<void> {
    const file = join(dirname(place.signer), '..', `ways-${process.pid}.jsonl`)
    await writeFile(file, `${JSON.stringify(indexed('way-import'))}\n`)
    const to = ['--url', server.url, '--key', server.key]
    const imported = await runCommand(['import', file, ...to])
    const recorded = await runCommand(
      ['record', 'decision', '-', ...to],
      JSON.stringify(indexed('way-record')),
    )
    const refused = await runCommand(
      ['record', 'decision', '-', ...to],
      JSON.stringify({ ...indexed('way-refused'), confidence: MAIL }),
    )
    answers.set('commands', [imported, recorded, refused].map((ran) => ran.stdout + ran.stderr).join('\n'))
    kept.push(
      { way: 'import', status: imported.code === 0 ? 201 : 500 },
      { way: 'record', status: recorded.code === 0 ? 201 : 500 },
    )
  }

  /** Everything the SDK sends, and what it keeps on the disk while it cannot: that lies among the files that are looked through. */
  async function sendBySdk(server: ServerProcess): Promise<void> {
    const directory = join(dirname(place.data), 'spool')
    let isAway = false
    const client = new Deponent({
      url: server.url,
      key: server.key,
      spool: { directory },
      onError: (issue) => void answers.set('sdk', `${answers.get('sdk') ?? ''}${JSON.stringify(issue)}`),
      fetch: (input, init) => (isAway ? Promise.reject(new Error('away')) : fetch(input, init)),
    })
    client.record(indexed('way-sdk'))
    client.wrap((_: string) => ({ to: MAIL }), { modelId: 'm', userId: MAIL })(`${WORD} ${MAIL}`)
    client.query({ input: WORD, userId: MAIL, sessionId: MAIL })
    client.action({ action: WORD, affectedUserId: MAIL })
    client.review({ decisionId: 'plain', humanDecision: MAIL, comment: WORD, reviewerId: MAIL })
    client.outcome({ decisionId: 'plain', outcome: MAIL })
    client.explanation({ decisionId: 'plain', reasoning: `${WORD} ${MAIL}` })
    client.lifecycle({ modelId: 'm', eventType: 'deployed', actor: MAIL, reason: WORD })
    client.dataset({ datasetId: 'd', origin: `${WORD} ${MAIL}` })
    client.lineage({ datasetId: 'e', inputs: ['d'], transformation: `${WORD} ${MAIL}` })
    await sendByModelLibraries(client)
    await client.flush()
    isAway = true
    client.record(indexed('way-spool'))
    await client.flush({ timeoutMs: 0 })
    await vi.waitUntil(() => client.stats().spooled === 1, { timeout: 60_000 })
    const spooled = (await readdir(directory)).filter((name) => name.endsWith('.batch'))
    const marked = await filesWithMarks(place)
    isAway = false
    await client.close()
    const { lost, rejected } = client.stats()
    kept.push({ way: 'sdk', status: lost + rejected === 0 ? 201 : 500 })
    kept.push({ way: 'spool', status: spooled.length === 1 && marked.length === 0 ? 201 : 500 })
    for (const id of ['way-sdk', 'way-spool']) {
      const found = await server.fetch(`/v1/decisions/${id}`, { headers: { 'Deponent-Purpose': 'a test' } })
      kept.push({ way: id, status: found.status === 200 ? 201 : 500 })
    }
  }

  /** What the SDK hears from libraries that call models. */
  async function sendByModelLibraries(client: Deponent): Promise<void> {
    const params = {
      prompt: [{ role: 'user', content: `${WORD} ${MAIL}` }],
      tools: [{ name: 'send', description: WORD }],
      providerOptions: { p: { user: MAIL, note: WORD } },
      headers: { authorization: WORD },
    }
    const answer = {
      content: [
        { type: 'tool-call', toolName: 'send', input: JSON.stringify({ to: MAIL }) },
        { type: 'source', id: MAIL, title: WORD },
      ],
      response: { id: MAIL },
      warnings: [{ type: 'other', message: WORD }],
    }
    const parts = [{ type: 'text-delta', delta: `${WORD} ${MAIL}` }, ...answer.content]
    const { wrapGenerate, wrapStream } = recordingMiddleware(client, { userId: MAIL })
    const call = { params, model: { provider: 'p', modelId: 'm' } }
    await wrapGenerate({ ...call, doGenerate: async () => answer })
    const stream = new ReadableStream<object>({
      start(controller) {
        for (const part of parts) controller.enqueue(part)
        controller.close()
      },
    })
    const streamed = await wrapStream({ ...call, doStream: async () => ({ stream }) })
    for await (const _ of streamed.stream);

    const handler = recordingHandler(client, { userId: MAIL })
    const about = { ls_model_name: 'm', thread_id: MAIL, lc_agent_name: MAIL, note: WORD }
    const invocation_params = { model: 'm', tools: [{ name: 'send', description: WORD }] }
    const asked = [[{ type: 'human', content: `${WORD} ${MAIL}` }]]
    const message = { tool_calls: [{ id: MAIL, name: 'send', args: { to: MAIL } }], id: MAIL }
    handler.handleChainStart({}, {}, MAIL, undefined, [WORD], about, undefined, WORD)
    handler.handleRetrieverStart({}, WORD, 'found', MAIL)
    handler.handleRetrieverEnd([{ id: MAIL, pageContent: WORD, metadata: { source: MAIL } }], 'found')
    handler.handleChatModelStart({}, asked, 'asked', MAIL, { invocation_params }, [WORD], about)
    handler.handleLLMEnd({ generations: [[{ text: '', message }]] }, 'asked')
    // LangChain awaits what it calls.
    await Promise.resolve()
    handler.handleToolStart({}, `{"to":"${MAIL}"}`, 'sent', MAIL, [WORD], about, 'send', MAIL)
    handler.handleToolEnd({ content: `${WORD} ${MAIL}` }, 'sent')
    handler.handleLLMStart({}, [`${WORD} ${MAIL}`], 'written', MAIL, { invocation_params }, [WORD], about)
    handler.handleLLMError(new Error('away'), 'written')
    handler.handleChainEnd({}, MAIL)
  }

  /** Records and requests that are refused, with the marks where the reason is. */
  async function rejectedOf(server: ServerProcess): Promise<[string, Response][]> {
    return [
      [
        'bad value',
        await server.post('/v1/decisions', { ...indexed('bad-1'), confidence: MAIL, timestamp: WORD }),
      ],
      [
        'bad type',
        await server.post('/v1/decisions', { ...indexed('bad-2'), messages: WORD, userId: { [WORD]: MAIL } }),
      ],
      ['bad kind', await server.post('/v1/records', { kind: WORD, text: MAIL })],
      [
        'bad link',
        await server.post('/v1/records', { kind: 'comment', text: WORD, links: [{ rel: MAIL, id: WORD }] }),
      ],
      ['bad json', await server.post('/v1/decisions', `{"userId":"${MAIL}", ${WORD}`)],
      ['bad time', await server.post('/v1/decisions', { ...indexed('bad-3'), timestamp: MAIL })],
      [
        'bad emitter',
        await server.post('/v1/decisions', { ...indexed('bad-4'), emitter: { id: MAIL, epoch: WORD } }),
      ],
      ['conflict', await server.post('/v1/decisions', { ...indexed('plain'), prediction: WORD })],
      ['bad event', await server.post('/v1/models/m/events', { eventType: WORD, actor: MAIL })],
      [
        'bad settings',
        await server.fetch('/v1/privacy', {
          method: 'PUT',
          body: JSON.stringify({ mode: WORD, reason: MAIL }),
        }),
      ],
      ['bad sql', await server.post('/v1/sql', { sql: `SELECT '${MAIL}' FROM ${WORD}` })],
      [
        'sql',
        await server.post('/v1/sql', { sql: `SELECT count() AS n FROM decisions WHERE userId = '${MAIL}'` }),
      ],
      ['no such decision', await server.post(`/v1/decisions/${MAIL}/comments`, { text: WORD })],
    ]
  }

  const questions = (): string[] => [
    `/v1/decisions?userId=${MAIL}`,
    `/v1/decisions?subject=${MAIL}`,
    `/v1/decisions?feature.contact=${MAIL}&q=${WORD}`,
    `/v1/decisions/${MAIL}`,
    `/v1/aggregate?metrics=count&by=userId,prediction,feature.contact`,
    '/v1/systems',
  ]

  test('each is kept', () => {
    expect(kept.filter(({ status }) => status !== 201)).toEqual([])
  })

  test('no refusal and no answer about many repeats what was sent', () => {
    const repeating = [...answers].filter(([, text]) => MARKS.some((mark) => text.includes(mark)))
    expect(repeating.map(([what]) => what)).toEqual([])
  })

  test('no diagnostic says a word of it', () => {
    expect(stderr.filter((line) => MARKS.some((mark) => line.includes(mark)))).toEqual([])
  })

  test('no file holds it: not the log, the vault, the state, the keyring, nor what the engine leaves beside its parts', async () => {
    expect(await filesWithMarks(place)).toEqual([])
  })

  test('no table of the index holds it, nor any log the engine keeps of itself', async () => {
    const { decisions, marked } = await tablesWithMarks(place)
    expect(decisions).toBeGreaterThan(5)
    expect(marked).toEqual([])
  })
})

/** As much of the schema of a parameter as tells what it takes. */
interface Parameter {
  readonly options?: readonly string[]
  unwrap?(): Parameter
  safeParse(value: unknown): { readonly success: boolean }
}

/** A value that a parameter takes, by its schema; what somebody types where it takes any text. */
function valueFor(name: string, schema: Parameter): string {
  if (schema.unwrap) return valueFor(name, schema.unwrap())
  if (schema.options) return schema.options[0]!
  if (name === 'from' || name === 'to') return schema.safeParse(1).success ? '1' : '2026-01-01T00:00:00Z'
  if (schema.safeParse(MAIL).success) return MAIL
  return schema.safeParse(true).success ? 'true' : '1'
}

/** Every address whose asking is on record, with the mark wherever an address takes words; once for each parameter alone, and for all. */
function* addressesAsked(): Generator<string> {
  const asked = ROUTES.filter(({ look, method }) => look !== 'none' && method === 'GET')
  for (const { path, query } of asked) {
    const at = path.replace(':id', 'plain').replace(/:\w+/g, MAIL)
    const values = Object.entries(query?.shape ?? {})
      .filter(([name]) => name !== 'cursor')
      .map(
        ([name, schema]) => `${name}=${encodeURIComponent(valueFor(name, schema as unknown as Parameter))}`,
      )
    yield at
    yield path.replace(/:\w+/g, MAIL)
    for (const value of values) yield `${at}?${value}`
    yield `${at}?${values.join('&')}`
  }
  yield `/v1/decisions?feature.${MAIL}=${WORD}&feature.contact=${MAIL}&q=${WORD}`
  yield `/v1/aggregate?by=feature.${MAIL}`
  yield `/v1/decisions/plain?reveal=/metadata/${WORD}`
}

test('no question leaves behind what was typed into it, whether it is answered or denied', async () => {
  const place = await newPlace()
  const server = await ServerProcess.start(place)
  await server.post('/v1/decisions', { decisionId: 'plain', modelId: 'm', prediction: 'x' })
  const made = await server.post('/v1/keys', { name: 'till', roles: ['writer'] })
  const { key } = (await made.json()) as { key: string }
  await server.indexed()
  const statuses = new Map<number, number>()
  const ask = async (asking: Promise<Response>): Promise<void> => {
    const { status } = await asking
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  for (const path of addressesAsked()) {
    await ask(server.fetch(path, { headers: { 'Deponent-Purpose': 'a test' } }))
    await ask(server.fetch(path, { headers: { Authorization: `Bearer ${key}` } }))
  }
  await ask(server.post('/v1/subjects:lookup', { subject: MAIL }))
  for (const sql of [
    `SELECT count() AS "${WORD}" FROM decisions WHERE userId = '${MAIL}' -- ${WORD}`,
    `SELECT count() AS ${WORD} FROM decisions AS ${WORD} WHERE modelId LIKE '%${WORD}%'`,
  ])
    await ask(server.post('/v1/sql', { sql }))
  const disclose = [`/inputFeatures/${WORD}`]
  await ask(server.post('/v1/bundles', { from: 0, to: 1, disclose }, { 'Deponent-Purpose': 'a test' }))
  expect(statuses.get(200)).toBeGreaterThan(50)
  expect(statuses.get(403)).toBeGreaterThan(50)
  expect(statuses.get(500)).toBeUndefined()
  await server.indexed()
  const recorded = await server.get<{ items: object[] }>('/v1/access?limit=1000')
  const repeating = recorded.items.filter((look) => MARKS.some((mark) => JSON.stringify(look).includes(mark)))
  expect(repeating).toEqual([])
  await server.stop()
  const left = await runCommand([
    'doctor',
    '--data',
    place.data,
    '--signer-state',
    place.signer,
    '--residue',
    MAIL,
    '--value',
    WORD,
    '--json',
  ])
  const { found, stores } = JSON.parse(left.stdout) as { found: object[]; stores: { opened: number }[] }
  expect(found).toEqual([])
  expect(stores.some(({ opened }) => opened > 100)).toBe(true)
}, 120_000)

test('what somebody declared queryable is found by the same looking, in the table and in no other place', async () => {
  const place = await newPlace()
  const server = await ServerProcess.start(place)
  const { indexFollows: _, ...settings } = await server.get<Record<string, unknown>>('/v1/privacy')
  const declared = {
    ...settings,
    systems: { default: { fields: { '/userId': 'queryable' } } },
    reason: 'support asks by it',
  }
  const changed = await server.fetch('/v1/privacy', { method: 'PUT', body: JSON.stringify(declared) })
  expect([changed.status, await changed.json()]).toMatchObject([200, { version: 2 }])
  await server.post('/v1/decisions', indexed('way-1'))
  await server.indexed()
  await server.stop()
  const { marked } = await tablesWithMarks(place)
  expect(marked).toEqual([expect.stringMatching(/_index\.decisions$/)])
}, 60_000)

test('a server starts where no core may be dumped, as docs/privacy.md recommends', async () => {
  const { data, signer } = await newPlace()
  const command = `ulimit -c 0 && exec "$0" "$@"`
  const flags = ['serve', '--data', data, '--port', '0', '--signer-state', signer]
  const child = spawn('/bin/sh', ['-c', command, process.execPath, BIN, ...flags], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  expect(line).toMatch(/^http:/)
  child.kill('SIGTERM')
  await once(child, 'exit')
})
