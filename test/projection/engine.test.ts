import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import {
  AnswerLost,
  IndexClient,
  StatementRefused,
} from '../../packages/server/src/projection/engine/client.ts'
import { EngineStopped } from '../../packages/server/src/projection/engine/engine.ts'
import { SupervisedEngine } from '../../packages/server/src/projection/engine/supervise.ts'
import { DEFAULT_SETTINGS } from '../../packages/server/src/projection/settings.ts'
import { WatchedProcesses } from './world.ts'

const directory = mkdtempSync(join(tmpdir(), 'deponent-engine-'))
const limits = { ...DEFAULT_SETTINGS.limits, lockedSecondsMax: 3 }
const processes = new WatchedProcesses()
const engineAt = (path: string, watched = processes) =>
  new SupervisedEngine({
    directory: join(directory, path),
    limits,
    processes: watched,
    clock: realClock,
    random: realRandom,
  })
const engine = engineAt('main')
const client = new IndexClient(engine, realClock, realRandom)

beforeAll(async () => {
  await engine.start()
  await client.command('CREATE TABLE default.t (a UInt64, s String) ENGINE = MergeTree ORDER BY a')
})

afterAll(async () => {
  await client.close()
  await engine.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** A plain HTTP exchange with the child. */
function exchange(
  path: string,
  body: string | Uint8Array,
  headers: Record<string, string>,
): Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, engine.address!.url), { method: 'POST', headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const keyed = () => ({ 'X-ClickHouse-User': 'deponent', 'X-ClickHouse-Key': engine.address!.password })

describe('the index process', () => {
  test('answers the official client: ping, queries, substitutions, inserts, errors', async () => {
    const { url, username, password } = engine.address!
    const official = createClient({ url, username, password, log: { level: ClickHouseLogLevel.OFF } })
    expect(await official.ping()).toEqual({ success: true })
    expect(await official.ping({ select: true })).toEqual({ success: true })
    await official.insert({ table: 'default.t', values: [{ a: 1, s: 'é\n' }], format: 'JSONEachRow' })
    const result = await official.query({
      query: 'SELECT s, {text:String} AS text, {list:Array(String)} AS list, {n:UInt64} AS n FROM default.t',
      query_params: { text: "it's \\ \n\t", list: ['a', "b'", 'c\\'], n: '18446744073709551615' },
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
    })
    expect(await result.json()).toEqual([
      { s: 'é\n', text: "it's \\ \n\t", list: ['a', "b'", 'c\\'], n: '18446744073709551615' },
    ])
    await expect(official.query({ query: 'SELECT nothing' })).rejects.toMatchObject({
      code: '47',
      type: 'UNKNOWN_IDENTIFIER',
    })
    await official.close()
  })

  test('takes and gives gzip', async () => {
    const plain = await exchange('/?enable_http_compression=1', gzipSync("SELECT 'x'"), {
      ...keyed(),
      'Content-Encoding': 'gzip',
      'Accept-Encoding': 'gzip',
    })
    expect(plain.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(plain.body).toString()).toBe('x\n')
    const rows = await exchange(
      '/?query=INSERT%20INTO%20default.t%20FORMAT%20JSONEachRow',
      gzipSync('{"a":2,"s":"zip"}'),
      {
        ...keyed(),
        'Content-Encoding': 'gzip',
      },
    )
    expect(rows).toMatchObject({ status: 200 })
    expect(await client.select("SELECT a FROM default.t WHERE s = 'zip'")).toEqual([{ a: '2' }])
    expect(await exchange('/', 'not gzip', { ...keyed(), 'Content-Encoding': 'gzip' })).toMatchObject({
      status: 400,
    })
  })

  test('names the code of a refused statement in a header', async () => {
    const answer = await exchange('/', 'SELEKT', keyed())
    expect(answer).toMatchObject({ status: 500, headers: { 'x-clickhouse-exception-code': '62' } })
  })

  test.each<Record<string, string>>([
    {},
    { 'X-ClickHouse-Key': 'wrong' },
    { Authorization: 'Basic ZGVwb25lbnQ6d3Jvbmc=' },
    { Authorization: 'Basic' },
  ])('is closed to whoever lacks the key of this start: %j', async (headers) => {
    const answer = await exchange('/', 'SELECT 1', headers)
    expect(answer).toMatchObject({ status: 403, headers: { 'x-clickhouse-exception-code': '516' } })
    expect(answer.body.toString()).not.toContain('1\n')
  })

  test.each(['/?a%20b=1', '/?database=x;y', '/', '/?query=INSERT%20INTO%20t%20SELECT%201'])(
    'refuses a request it does not understand: %s',
    async (path) => {
      expect(await exchange(path, path.includes('INSERT') ? 'x' : '', keyed())).toMatchObject({ status: 400 })
    },
  )

  test('gives each statement its own settings and no other’s', async () => {
    const setting = async (settings: Record<string, number>) =>
      (await client.select<{ v: number }>("SELECT getSetting('max_result_rows') AS v", { settings }))[0]!.v
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => setting(i % 2 === 0 ? { max_result_rows: 1000 + i } : {})),
    )
    expect(answers).toEqual(answers.map((_, i) => (i % 2 === 0 ? 1000 + i : 0)))
  })

  test('gives each statement its own substitutions, forty at a time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        client.select('SELECT {p0:String} AS v, sum(number) AS n FROM numbers(100000)', {
          params: { p0: `v${i}` },
        }),
      ),
    )
    expect(answers.map(([row]) => (row as { v: string }).v)).toEqual(answers.map((_, i) => `v${i}`))
  })

  test('ends a statement that runs out of time or memory, and goes on', async () => {
    const slow = client.select('SELECT sum(cityHash64(number)) FROM numbers(100000000000)', {
      settings: { max_execution_time: 1 },
    })
    await expect(slow).rejects.toMatchObject({ code: 159 })
    const large = client.select('SELECT groupArray(number) FROM numbers(1000000000)', {
      settings: { max_memory_usage: 50_000_000 },
    })
    await expect(large).rejects.toMatchObject({ code: 241 })
    expect(await client.select('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })
})

/** What the engine itself says to free SQL when nobody has read it first. */
describe('a locked session', () => {
  const bare = (text: string) => client.table(text, { database: 'default', settings: { readonly: 1 } })

  test.each([
    'DROP TABLE t',
    'CREATE TABLE x (a Int8) ENGINE = Memory',
    'CREATE TEMPORARY TABLE x (a Int8)',
    'INSERT INTO t SELECT 1, 2',
    'ALTER TABLE t DELETE WHERE 1',
    'SET readonly = 0',
    'SELECT 1 SETTINGS readonly = 0',
    'SELECT 1 SETTINGS max_execution_time = 0',
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
    "SELECT * FROM remote('127.0.0.1', system, one)",
    "SELECT * FROM executable('id', 'CSV', 'a String')",
    'SYSTEM SHUTDOWN',
  ])('refuses %s', async (text) => {
    await expect(bare(text)).rejects.toBeInstanceOf(StatementRefused)
    expect(await client.select('SELECT count() AS n FROM default.t')).not.toEqual([{ n: '0' }])
  })

  test('keeps its limits whatever the request asks for', async () => {
    const { data } = await client.table(
      "SELECT getSetting('max_execution_time') AS t, getSetting('readonly') AS r, getSetting('max_memory_usage') AS m",
      { database: 'default', settings: { readonly: 1, max_execution_time: 99_999, max_memory_usage: 0 } },
    )
    expect(data.flat().map(Number)).toEqual([3, 1, limits.lockedBytesMax])
  })

  test('never gives out what a failed statement of somebody else had found', async () => {
    const failing =
      'SELECT throwIf(number > 5000), number FROM numbers(100000) SETTINGS max_block_size = 1000'
    const late =
      'SELECT throwIf(number = 99999), number FROM numbers(1000000) WHERE number % 50 = 0 OR number = 99999'
    for (let i = 0; i < 8; i++) {
      await expect(client.select(failing)).rejects.toMatchObject({ code: 395 })
      await expect(bare(late)).rejects.toMatchObject({ code: 395 })
      expect(await client.select('SELECT 1 AS one')).toEqual([{ one: 1 }])
      expect((await bare('SELECT 1')).data).toEqual([[1]])
    }
  })

  test('still refuses after a statement tried to talk it round', async () => {
    await bare('SET readonly = 0; DROP TABLE t').catch(() => {})
    await expect(bare('DROP TABLE t')).rejects.toMatchObject({ code: 164 })
  })
})

describe('the supervisor', () => {
  test('starts another process after a kill, with another key and port', async () => {
    const before = engine.address!
    await processes.killNewest()
    const rows = await client.select('SELECT count() AS n FROM default.t')
    expect(rows).not.toEqual([{ n: '0' }])
    expect(engine.address!.generation).toBe(before.generation + 1)
    expect(engine.address!.password).not.toBe(before.password)
  })

  test('says that the answer is lost when the process dies under a statement', async () => {
    const running = client.command(
      'ALTER TABLE default.t DELETE WHERE sleepEachRow(1) = 1 SETTINGS mutations_sync = 2',
    )
    const outcome = running.catch((error: unknown) => error)
    await client.select('SELECT 1')
    await processes.killNewest()
    expect(await outcome).toBeInstanceOf(AnswerLost)
    expect(await client.select('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('ends the process that runs a statement nobody waits for any more', async () => {
    const { generation } = engine.address!
    const child = processes.newest()
    await engine.abandon({ queryId: 'x', generation: generation - 1 })
    expect(engine.address!.generation).toBe(generation)
    await engine.abandon({ queryId: 'x', generation })
    expect(await child.exited).toMatchObject({ signal: 'SIGKILL' })
    expect((await engine.whenReady()).generation).toBe(generation + 1)
  })

  test('waits for a predecessor that still holds the data', async () => {
    const first = engineAt('held', new WatchedProcesses())
    await first.start()
    const second = engineAt('held', new WatchedProcesses())
    const started = second.start()
    await realClock.sleep(700)
    expect(second.state).toBe('starting')
    await first.stop()
    await started
    expect(second.state).toBe('ready')
    await second.stop()
  })

  test('takes no configuration from where the server happens to be started', async () => {
    const elsewhere = join(directory, 'elsewhere')
    mkdirSync(elsewhere)
    writeFileSync(
      join(elsewhere, 'config.xml'),
      '<clickhouse><uncompressed_cache_size>777</uncompressed_cache_size></clickhouse>',
    )
    const before = process.cwd()
    process.chdir(elsewhere)
    const other = new SupervisedEngine({
      directory: 'relative',
      limits,
      processes: new WatchedProcesses(),
      clock: realClock,
      random: realRandom,
    })
    const asking = new IndexClient(other, realClock, realRandom)
    try {
      await other.start()
      const sql = "SELECT value FROM system.server_settings WHERE name = 'uncompressed_cache_size'"
      expect(await asking.select(sql)).not.toEqual([{ value: '777' }])
      expect(existsSync(join(elsewhere, 'relative'))).toBe(true)
    } finally {
      process.chdir(before)
      await asking.close()
      await other.stop()
    }
  })

  test('leaves no process behind when it stops', async () => {
    const watched = new WatchedProcesses()
    const other = engineAt('stopped', watched)
    await other.start()
    await other.stop()
    expect(await watched.started[0]!.exited).toEqual({ code: 0, signal: null })
    expect(other.address).toBeUndefined()
    await expect(other.whenReady()).rejects.toBeInstanceOf(EngineStopped)
  })

  test('fails its start when the data cannot be opened', async () => {
    const other = new SupervisedEngine({
      directory: '/dev/null/x',
      limits,
      processes: new WatchedProcesses(),
      clock: realClock,
      random: realRandom,
    })
    await expect(other.start()).rejects.toBeInstanceOf(EngineStopped)
    expect(other.state).toBe('stopped')
  }, 120_000)
})
