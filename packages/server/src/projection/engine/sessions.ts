import { Session } from 'chdb'
import type { Statement } from './statement.ts'
import { readInsertTarget } from './statement.ts'

// Invariants.
// 1. A session runs one statement at a time, and only with the settings of that statement: whatever an earlier statement
//    set is put back first.
// 2. A locked session has `readonly=1` and its limits set before its first statement. The engine refuses to change any
//    setting of such a session again, readonly included, so nothing a statement says can lift it.
// 3. A failed statement leaves nothing behind: the engine keeps what a statement had written before it failed and gives it
//    out at the head of the next answer, which may be another caller's. So a session is drained after every failure.
// 4. Sessions of one kind never wait for those of another: a slow question cannot hold up an insert.

/** What a statement gives back. */
export interface EngineAnswer {
  readonly bytes: Uint8Array
  readonly rowsRead: number
  readonly bytesRead: number
  readonly rowsWritten: number
}

/** Text as a ClickHouse string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`
}

function assignments(settings: Iterable<readonly [string, string]>): string[] {
  return Array.from(settings, ([name, value]) => `${name} = ${literal(value)}`)
}

const DRAINED = 'drained'
const DRAIN_ATTEMPTS = 4

/** The session may hold output of an earlier statement: it must not be used again. */
export class SessionSpoiled extends Error {}

/** One connection to the embedded engine. */
export class EngineSession {
  readonly #session: Session
  readonly #base: ReadonlyMap<string, string>
  #changed = new Set<string>()
  #database = 'default'

  /** Opens the data directory. @throws when another process holds it. */
  constructor(directory: string, arguments_: readonly string[], base: Readonly<Record<string, string>>) {
    this.#session = new Session(directory, { connectionArgs: arguments_ })
    this.#base = new Map(Object.entries(base))
  }

  /** Applies the base settings; a session is used only after this. */
  async prepare(): Promise<this> {
    await this.#session.queryAsync(`SET ${assignments(this.#base).join(', ')}`)
    return this
  }

  /** @throws the engine's own error; SessionSpoiled when the session cannot be trusted with another statement. */
  async run(statement: Statement): Promise<EngineAnswer> {
    try {
      await this.#apply(statement)
      if (statement.data) return await this.#insert(statement, statement.data)
      const result = await this.#session.queryAsync(statement.sql, { format: statement.format })
      return { bytes: result.bytes(), rowsRead: result.rowsRead, bytesRead: result.bytesRead, rowsWritten: 0 }
    } catch (error) {
      await this.#drain()
      throw error
    }
  }

  /** Asks for one known word until the answer is that word and nothing else (invariant 3). */
  async #drain(): Promise<void> {
    for (let attempt = 0; attempt < DRAIN_ATTEMPTS; attempt++) {
      const answer = await this.#session
        .queryAsync(`SELECT '${DRAINED}'`, { format: 'TabSeparated' })
        .catch(() => undefined)
      if (answer?.text() === `${DRAINED}\n`) return
    }
    throw new SessionSpoiled()
  }

  /** Makes database, settings and substitutions those of the statement and of no other. */
  async #apply({ database = 'default', settings, params }: Statement): Promise<void> {
    if (database !== this.#database) {
      await this.#session.queryAsync(`USE ${database}`)
      this.#database = database
    }
    const restored = [...this.#changed].filter((name) => !settings.has(name))
    const clauses = [
      ...restored.map(
        (name) => `${name} = ${this.#base.has(name) ? literal(this.#base.get(name)!) : 'DEFAULT'}`,
      ),
      ...assignments(settings),
      ...assignments(params),
    ]
    if (clauses.length === 0) return
    // Named as changed before the engine is told: half of a failed SET may stick.
    this.#changed = new Set([...this.#changed, ...settings.keys()])
    await this.#session.queryAsync(`SET ${clauses.join(', ')}`)
    this.#changed = new Set(settings.keys())
  }

  async #insert({ sql }: Statement, data: Uint8Array): Promise<EngineAnswer> {
    const target = readInsertTarget(sql)
    const { table, columns } = target
    const format = target.format as 'JSONEachRow'
    const summary = await this.#session.insert({
      table,
      format,
      values: data,
      ...(columns ? { columns } : {}),
    })
    return { bytes: new Uint8Array(0), rowsRead: 0, bytesRead: 0, rowsWritten: summary.rowsWritten }
  }

  close(): void {
    this.#session.close()
  }
}

/** A session that can only read, under limits nobody can change (invariant 2). */
export class LockedSession extends EngineSession {
  override async run(statement: Statement): Promise<EngineAnswer> {
    // What the caller asks for is no stricter than what is set here once and for all; the engine would refuse it anyway.
    return super.run({ ...statement, settings: new Map(), params: new Map() })
  }
}

/** A fixed number of sessions, handed out first come first served. */
export class SessionPool<S extends EngineSession> {
  readonly #sessions: readonly S[]
  readonly #idle: S[]
  readonly #waiting: ((session: S) => void)[] = []

  constructor(sessions: readonly S[]) {
    this.#sessions = sessions
    this.#idle = [...sessions]
  }

  /** Statements under way or waiting. */
  get busy(): number {
    return this.#sessions.length - this.#idle.length + this.#waiting.length
  }

  async use<T>(work: (session: S) => Promise<T>): Promise<T> {
    const session = this.#idle.pop() ?? (await new Promise<S>((resolve) => this.#waiting.push(resolve)))
    try {
      return await work(session)
    } finally {
      const next = this.#waiting.shift()
      if (next) next(session)
      else this.#idle.push(session)
    }
  }

  close(): void {
    for (const session of this.#sessions) session.close()
  }
}
