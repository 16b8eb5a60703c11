// The index process: chDB behind the least HTTP that the official ClickHouse client needs, on 127.0.0.1, on a port and
// with a key of this start only. It runs apart from the server so that a native crash or a heavy statement never stops
// recording. It prints its port as one line when ready, and ends when its standard input does.
//
// It leaves the processor to the server where both want it, before the engine starts its threads: they inherit that.
//
// A statement that outlives its own time limit by GRACE_MS has escaped the engine's control: the process ends itself, and
// whoever started it starts another.

import { createHash, timingSafeEqual } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { parentProcess } from '../../platform/child-process.ts'
import { realClock } from '../../platform/clock.ts'
import { type HttpRequest, type HttpResponse, listen } from '../../platform/http-server.ts'
import { sealedStorage } from './sealed-storage.ts'
import { EngineSession, LockedSession, SessionPool, SessionSpoiled } from './sessions.ts'
import { CHILD_EXIT, type EngineLimits, type StartLine } from './start-line.ts'
import { BadRequest, readStatement, type Statement } from './statement.ts'

const WRITERS = 2
const READERS = 4
const LOCKED = 2
const WAITING_MAX = 128
const GRACE_MS = 5_000
const LOCK_WAIT_MS = 10_000
const LOCK_RETRY_MS = 100
const BODY_BYTES_MAX = 256 * 1024 * 1024

interface Pools {
  readonly write: SessionPool<EngineSession>
  readonly read: SessionPool<EngineSession>
  readonly locked: SessionPool<LockedSession>
}

const parent = parentProcess()

function engineArguments({ directory, limits, sealKey }: StartLine): string[] {
  return [
    ...(sealKey === undefined ? [] : sealedStorage(directory, sealKey)),
    `--max_server_memory_usage=${limits.memoryBytesMax}`,
    `--mark_cache_size=${Math.floor(limits.memoryBytesMax / 8)}`,
    `--primary_index_cache_size=${Math.floor(limits.memoryBytesMax / 16)}`,
    `--index_mark_cache_size=${Math.floor(limits.memoryBytesMax / 16)}`,
  ]
}

/**
 * Values stay in memory and in parts: a statement too large for memory fails instead of spilling what it groups and sorts to files, which
 * the encrypted disk does not cover.
 */
const NOTHING_IN_FILES = {
  max_bytes_before_external_group_by: '0',
  max_bytes_ratio_before_external_group_by: '0',
  max_bytes_before_external_sort: '0',
  max_bytes_ratio_before_external_sort: '0',
  max_bytes_before_external_join: '0',
  max_bytes_ratio_before_external_join: '0',
  log_queries: '0',
}

function openBase(limits: EngineLimits): Record<string, string> {
  return {
    max_threads: `${limits.threads}`,
    max_memory_usage: `${limits.statementBytesMax}`,
    max_execution_time: `${limits.statementSecondsMax}`,
    output_format_json_quote_64bit_integers: '1',
    session_timezone: 'UTC',
    // The engine is built as a command-line tool, with a tool's defaults; these are a server's.
    implicit_select: '0',
    allow_introspection_functions: '0',
    ...NOTHING_IN_FILES,
  }
}

/** `readonly` comes last: nothing can be set after it. */
function lockedBase(limits: EngineLimits): Record<string, string> {
  return {
    ...openBase(limits),
    max_memory_usage: `${limits.lockedBytesMax}`,
    max_execution_time: `${limits.lockedSecondsMax}`,
    limit: `${limits.lockedRowsMax}`,
    max_result_bytes: `${limits.lockedAnswerBytesMax}`,
    readonly: '1',
  }
}

/** The data directory may still be held by a predecessor that has not died yet. */
async function openFirst(start: StartLine): Promise<EngineSession> {
  for (let waitedMs = 0; ; waitedMs += LOCK_RETRY_MS) {
    try {
      return new EngineSession(start.directory, engineArguments(start), openBase(start.limits))
    } catch (error) {
      if (waitedMs >= LOCK_WAIT_MS) throw error
      await realClock.sleep(LOCK_RETRY_MS)
    }
  }
}

async function openPools(start: StartLine): Promise<Pools> {
  const first = await openFirst(start)
  const open = (count: number) =>
    Promise.all(
      Array.from({ length: count }, () =>
        new EngineSession(start.directory, [], openBase(start.limits)).prepare(),
      ),
    )
  const locked = () => new LockedSession(start.directory, [], lockedBase(start.limits)).prepare()
  return {
    write: new SessionPool([await first.prepare(), ...(await open(WRITERS - 1))]),
    read: new SessionPool(await open(READERS)),
    locked: new SessionPool(await Promise.all(Array.from({ length: LOCKED }, locked))),
  }
}

const READS = /^[\s(]*(?:select|with|show|describe|desc|explain|exists)\b/i

function poolFor(pools: Pools, statement: Statement): SessionPool<EngineSession> {
  if (statement.settings.get('readonly') === '1') return pools.locked
  return READS.test(statement.sql) ? pools.read : pools.write
}

function secondsMax(statement: Statement, limits: EngineLimits): number {
  if (statement.settings.get('readonly') === '1') return limits.lockedSecondsMax
  const asked = Number(statement.settings.get('max_execution_time'))
  return asked > 0 ? asked : limits.statementSecondsMax
}

async function run(pools: Pools, limits: EngineLimits, statement: Statement): Promise<HttpResponse> {
  const pool = poolFor(pools, statement)
  if (pool.busy >= WAITING_MAX)
    return failure(503, 202, 'Too many simultaneous queries. (TOO_MANY_SIMULTANEOUS_QUERIES)')
  const answer = await pool.use(async (session) => {
    const disarm = realClock.after(secondsMax(statement, limits) * 1000 + GRACE_MS, parent.perish)
    try {
      return await session.run(statement)
    } catch (error) {
      // A session that may still hold another caller's rows is never used again, nor is anything beside it.
      if (error instanceof SessionSpoiled) parent.perish()
      throw error
    } finally {
      disarm()
    }
  })
  const summary = {
    read_rows: `${answer.rowsRead}`,
    read_bytes: `${answer.bytesRead}`,
    written_rows: `${answer.rowsWritten}`,
  }
  return {
    status: 200,
    headers: { 'X-ClickHouse-Summary': JSON.stringify(summary), 'X-ClickHouse-Query-Id': statement.id },
    body: answer.bytes,
  }
}

function failure(status: number, code: number, message: string): HttpResponse {
  return {
    status,
    headers: { 'X-ClickHouse-Exception-Code': `${code}`, 'Content-Type': 'text/plain; charset=UTF-8' },
    body: message.startsWith('Code:') ? message : `Code: ${code}. DB::Exception: ${message}`,
  }
}

function engineFailure(error: unknown): HttpResponse {
  if (error instanceof BadRequest) return failure(400, 36, `${error.message}. (BAD_ARGUMENTS)`)
  const code = error instanceof Error && 'clickhouseCode' in error ? Number(error.clickhouseCode) : 1001
  return failure(
    500,
    Number.isInteger(code) ? code : 1001,
    error instanceof Error ? error.message : 'unknown',
  )
}

const digest = (text: string) => createHash('sha256').update(text).digest()

function keyOf({ headers }: HttpRequest): string {
  const own = headers['x-clickhouse-key']
  if (own !== undefined) return own
  const [scheme, encoded] = (headers['authorization'] ?? '').split(' ')
  if (scheme !== 'Basic' || encoded === undefined) return ''
  const pair = Buffer.from(encoded, 'base64').toString('utf8')
  return pair.slice(pair.indexOf(':') + 1)
}

function compressed(request: HttpRequest, response: HttpResponse): HttpResponse {
  const asked = /[?&]enable_http_compression=1\b/.test(request.target)
  if (!asked || !/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return response
  return {
    ...response,
    headers: { ...response.headers, 'Content-Encoding': 'gzip' },
    body: gzipSync(response.body),
  }
}

async function serve(start: StartLine): Promise<void> {
  const pools = await openPools(start)
  const expected = digest(start.key)
  const listener = await listen(
    { host: '127.0.0.1', port: 0, bodyBytesMax: BODY_BYTES_MAX },
    async (request) => {
      if (request.target === '/ping') return { status: 200, body: 'Ok.\n' }
      if (!timingSafeEqual(digest(keyOf(request)), expected)) {
        return failure(403, 516, 'Authentication failed. (AUTHENTICATION_FAILED)')
      }
      try {
        return compressed(request, await run(pools, start.limits, readStatement(request)))
      } catch (error) {
        return engineFailure(error)
      }
    },
  )
  parent.writeLine(`${listener.port}`)
  await parent.gone
  await listener.close()
  if (pools.write.busy + pools.read.busy + pools.locked.busy > 0) parent.perish()
  for (const pool of Object.values(pools)) pool.close()
}

/** How the life of this process ends. */
async function live(): Promise<number> {
  parent.standBack()
  parent.leaveNoMemoryBehind()
  const line = await parent.firstLine
  if (line === undefined) return CHILD_EXIT.broken
  try {
    await serve(JSON.parse(line) as StartLine)
    return CHILD_EXIT.done
  } catch (error) {
    const message = error instanceof Error ? error.message : 'the engine did not open'
    parent.complain(message)
    return message.includes('Failed to create connection') ? CHILD_EXIT.locked : CHILD_EXIT.broken
  }
}

parent.leave(await live())
