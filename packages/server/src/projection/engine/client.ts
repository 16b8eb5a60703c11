// Invariants.
// 1. Every statement of the projection passes here, over HTTP, whoever runs the engine.
// 2. Nothing a caller gave ends up in the text of a statement: values travel as substitutions {p0:Type}.
// 3. Every failure is one of three kinds: the engine refused the statement (StatementRefused), the engine was not there
//    and nothing was sent (EngineUnavailable), or the answer was lost on the way (AnswerLost).

import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { ClickHouseError, type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import { type Engine, type EngineAddress, EngineStopped, type LostStatement } from './engine.ts'

export type Settings = Readonly<Record<string, string | number>>
export type Parameters = Readonly<Record<string, unknown>>

/**
 * The engine read the statement and said no. `code` is ClickHouse's, 159 (time) and 241 (memory) among them. Its words are not kept: they
 * quote rows, statements, and addresses under which files are read.
 */
export class StatementRefused extends Error {
  readonly code: number
  readonly type: string

  constructor(error: ClickHouseError) {
    const what = [error.code, error.type].filter(Boolean).join(' ')
    super(`the index engine refused a statement (${what})`)
    this.code = Number(error.code)
    this.type = error.type ?? ''
  }
}

/** No engine answered in time; the statement was not sent. */
export class EngineUnavailable extends Error {}

/** Files of months that the question is about are missing, damaged, or in a store that is away: half an answer would be none. */
export class MonthsUnreadable extends EngineUnavailable {
  /** `missing`: months of which files are known to be missing. */
  constructor(missing: readonly string[] = []) {
    super(
      missing.length > 0
        ? `files of ${missing.join(', ')} are missing or others: put them back, or run deponent reindex`
        : 'files of months of the index cannot be read now; ask again when their store can be reached',
    )
  }
}

/** The connection broke after the statement was sent: it may or may not have happened. */
export class AnswerLost extends Error {
  readonly statement: LostStatement

  constructor(statement: LostStatement, cause: unknown) {
    super('the index engine did not answer', { cause })
    this.statement = statement
  }
}

export interface StatementOptions {
  readonly params?: Parameters
  readonly settings?: Settings
}

/** How long a question waits for an engine that is starting again. */
const QUESTION_WAIT_MS = 10_000
/** A process that died may be noticed here before its watcher notices it. */
const UNNOTICED_MS = 50
/** No statement of ours runs longer; the engine's own limits are shorter. */
const REQUEST_MS_MAX = 20 * 60 * 1000
const CONNECTIONS_MAX = 16

/** What the locked path gives back: names, types and rows as the engine ordered them. */
export interface Table {
  readonly meta: readonly { readonly name: string; readonly type: string }[]
  readonly data: readonly (readonly unknown[])[]
}

export class IndexClient {
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #prefix: string
  #count = 0
  #closed = false
  /** Those who wait for an engine, by what tells them that nobody will speak to it any more. */
  readonly #waiting = new Set<(error: Error) => void>()
  #open: { client: ClickHouseClient; address: EngineAddress } | undefined

  constructor(engine: Engine, clock: Clock, random: Random) {
    this.#engine = engine
    this.#clock = clock
    this.#prefix = `deponent-${Buffer.from(random.bytes(8)).toString('hex')}`
  }

  /** Rows of a question, each an object by column name; 64-bit integers are strings. */
  async select<Row>(sql: string, options: StatementOptions = {}): Promise<Row[]> {
    const body = await this.#send(sql, 'JSONEachRow', options, undefined)
    return body === '' ? [] : (JSON.parse(`[${body.trimEnd().replaceAll('\n', ',')}]`) as Row[])
  }

  /** Rows as text, each a JSON object on a line of its own, with numbers as the settings have them written. */
  jsonLines(sql: string, options: StatementOptions = {}): Promise<string> {
    return this.#send(sql, 'JSONEachRow', options, undefined)
  }

  /** A whole table with names and types; `database` is where plain names are looked up. */
  async table(sql: string, options: StatementOptions & { database: string }): Promise<Table> {
    return JSON.parse(await this.#send(sql, 'JSONCompact', options, options.database)) as Table
  }

  /** A statement without an answer: DDL and mutations. Waits for the engine as long as it takes. */
  async command(sql: string, { params, settings }: StatementOptions = {}): Promise<void> {
    await this.#deliver(Number.POSITIVE_INFINITY, (client, query_id) =>
      client.command({
        query: sql,
        query_id,
        query_params: { ...params },
        clickhouse_settings: { ...settings },
      }),
    )
  }

  /** Inserts rows, one JSON array a line in the order of `columns`. Waits for the engine as long as it takes. */
  async insert(table: string, columns: readonly string[], lines: Uint8Array): Promise<void> {
    const query = `INSERT INTO ${table} (${columns.map((name) => `\`${name}\``).join(', ')}) FORMAT JSONCompactEachRow`
    const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength)
    await this.#deliver(Number.POSITIVE_INFINITY, async (client, query_id) => {
      const values = Readable.from([bytes], { objectMode: false })
      const { stream } = await client.exec({
        query,
        query_id,
        values,
        clickhouse_settings: { async_insert: 0 },
      })
      await text(stream)
    })
  }

  /** Whoever waits for the engine, or comes later, is told that it is stopped: for this client it is. */
  async close(): Promise<void> {
    this.#closed = true
    for (const tell of this.#waiting) tell(new EngineStopped())
    await this.#open?.client.close()
    this.#open = undefined
  }

  #send(
    sql: string,
    format: string,
    { params, settings }: StatementOptions,
    database?: string,
  ): Promise<string> {
    return this.#deliver(QUESTION_WAIT_MS, async (client, query_id) => {
      const { stream } = await client.exec({
        query: `${sql}\nFORMAT ${format}`,
        query_id,
        query_params: { ...params },
        clickhouse_settings: {
          output_format_json_quote_64bit_integers: 1,
          ...settings,
          ...(database ? { database } : {}),
        },
      })
      return text(stream)
    })
  }

  /** Hands a statement to the engine of the moment; one that was not there is waited for. */
  async #deliver<T>(
    waitMs: number,
    work: (client: ClickHouseClient, queryId: string) => Promise<T>,
  ): Promise<T> {
    const startedMs = this.#clock.monotonicMs()
    for (;;) {
      const { client, address } = await this.#connect(waitMs)
      this.#count += 1
      const queryId = `${this.#prefix}-${this.#count}`
      try {
        return await work(client, queryId)
      } catch (error) {
        if (error instanceof ClickHouseError) throw new StatementRefused(error)
        if (!wasNotSent(error)) throw new AnswerLost({ queryId, generation: address.generation }, error)
        if (this.#clock.monotonicMs() - startedMs > waitMs)
          throw new EngineUnavailable('the index engine does not answer')
        await this.#clock.sleep(UNNOTICED_MS)
      }
    }
  }

  async #connect(waitMs: number): Promise<{ client: ClickHouseClient; address: EngineAddress }> {
    const address = await this.#addressWithin(waitMs)
    if (this.#open?.address.generation === address.generation) return this.#open
    const stale = this.#open?.client
    const { url, username, password } = address
    const client = createClient({
      url,
      username,
      password,
      request_timeout: REQUEST_MS_MAX,
      max_open_connections: CONNECTIONS_MAX,
      application: 'deponent',
      log: { level: ClickHouseLogLevel.OFF },
    })
    this.#open = { client, address }
    await stale?.close()
    return { client, address }
  }

  /** @throws EngineUnavailable when it takes longer; EngineStopped, to those who wait as long as it takes, when it never will be */
  async #addressWithin(waitMs: number): Promise<EngineAddress> {
    const isPatient = waitMs === Number.POSITIVE_INFINITY
    try {
      if (this.#closed) throw new EngineStopped()
      return this.#engine.address ?? (await this.#whenReady(isPatient ? undefined : waitMs))
    } catch (error) {
      throw error instanceof EngineStopped && !isPatient ? new EngineUnavailable(error.message) : error
    }
  }

  async #whenReady(waitMs: number | undefined): Promise<EngineAddress> {
    const ready = this.#engine.whenReady()
    let cancel = () => {}
    let tell = (_: Error) => {}
    const given = new Promise<never>((_, reject) => {
      tell = reject
      if (waitMs === undefined) return
      cancel = this.#clock.after(waitMs, () => reject(new EngineUnavailable('the index engine is starting')))
    })
    this.#waiting.add(tell)
    try {
      return await Promise.race([ready, given])
    } finally {
      this.#waiting.delete(tell)
      cancel()
    }
  }
}

/** Nobody listens there: whatever was to be said has not been heard. */
function wasNotSent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
}
