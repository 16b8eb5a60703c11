import { gunzipSync } from 'node:zlib'
import type { HttpRequest } from '../../platform/http-server.ts'

/**
 * One statement as the ClickHouse HTTP interface carries it: text in the body, or in `query=` with the body as data;
 * `param_NAME=` substitutions; every other name in the query string is a setting.
 */
export interface Statement {
  readonly id: string
  readonly sql: string
  /** Rows of an INSERT, in the format its text names. */
  readonly data?: Uint8Array
  readonly database?: string
  /** Used when the text names no FORMAT. */
  readonly format: string
  /** Setting names to values, as sent. */
  readonly settings: ReadonlyMap<string, string>
  /** Substitution names to values in the interface's escaped text form. */
  readonly params: ReadonlyMap<string, string>
}

/** A request this endpoint does not understand. The message is ours and echoes no value. */
export class BadRequest extends Error {}

/** Names of the query string that steer HTTP itself: an engine without a server does not know them. */
const OF_HTTP = new Set([
  'wait_end_of_query',
  'send_progress_in_http_headers',
  'http_response_buffer_size',
  'http_headers_progress_interval_ms',
  'http_send_progress_interval_ms',
  'http_zlib_compression_level',
  'enable_http_compression',
  'buffer_size',
  'compress',
  'decompress',
  'session_id',
  'session_timeout',
  'session_check',
  'role',
])

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const INFLATED_BYTES_MAX = 256 * 1024 * 1024

function bodyOf(request: HttpRequest): Uint8Array {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding === 'identity') return request.body
  if (encoding !== 'gzip') throw new BadRequest('unsupported content-encoding')
  try {
    return gunzipSync(request.body, { maxOutputLength: INFLATED_BYTES_MAX })
  } catch {
    throw new BadRequest('the body is not gzip')
  }
}

const INSERT = /^\s*insert\b/i

/** @throws BadRequest when the request carries no readable statement. */
export function readStatement(request: HttpRequest): Statement {
  const search = new URL(request.target, 'http://index').searchParams
  const settings = new Map<string, string>()
  const params = new Map<string, string>()
  let query = ''
  let id = ''
  let database: string | undefined
  let format = 'TabSeparated'
  for (const [name, value] of search) {
    if (name === 'query') query = value
    else if (name === 'query_id') id = value
    else if (name === 'database') database = value
    else if (name === 'default_format') format = value
    else if (!NAME.test(name)) throw new BadRequest('a parameter name is not an identifier')
    else if (name.startsWith('param_')) params.set(name, value)
    else if (!OF_HTTP.has(name)) settings.set(name, value)
  }
  if (database !== undefined && !NAME.test(database))
    throw new BadRequest('the database name is not an identifier')
  const body = bodyOf(request)
  const rest = { id, database, format, settings, params }
  if (query !== '' && INSERT.test(query) && body.length > 0) return { ...rest, sql: query, data: body }
  const sql = query + Buffer.from(body).toString('utf8')
  if (sql.trim() === '') throw new BadRequest('the request holds no statement')
  return { ...rest, sql }
}

/** The target of an INSERT whose rows travel apart from its text. */
export interface InsertTarget {
  readonly table: string
  readonly columns?: string[]
  readonly format: string
}

const INSERT_FORMAT =
  /^\s*insert\s+into\s+([\w.`]+)\s*(?:\(([\w\s,`]*)\)\s*)?format\s+(JSONEachRow|JSONCompactEachRow|TSV|TabSeparated|CSV)\s*;?\s*$/i

/** @throws BadRequest for an INSERT of another shape: a name outside [A-Za-z0-9_], or a format the engine takes no bytes in. */
export function readInsertTarget(sql: string): InsertTarget {
  const match = INSERT_FORMAT.exec(sql)
  if (match === null)
    throw new BadRequest(
      'this endpoint takes INSERT INTO table (columns) FORMAT JSONEachRow|JSONCompactEachRow|TabSeparated|CSV',
    )
  const plain = (name: string) => name.trim().replaceAll('`', '')
  const columns = match[2]?.split(',').map(plain)
  return { table: plain(match[1]!), format: match[3]!, ...(columns ? { columns } : {}) }
}
