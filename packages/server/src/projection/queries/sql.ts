// Free SQL over the views of the index.
//
// Who may read a part of the index reads from views that show that part and have a database of their own
// (narrowed-views.ts). Three fences:
// 1. Here: one SELECT (or WITH … SELECT, EXPLAIN SELECT, DESCRIBE view, SHOW TABLES), written anew from its tokens, with
//    functions from a list, no table function, no database but that of the views, no word that writes, sets, formats or
//    redirects.
// 2. The engine runs it with readonly=1 in a session whose limits cannot be changed. That stops writing, settings and most
//    of what reaches outside, but not everything: the function file('PATH') reads any file in such a session, and needs
//    not even a parenthesis (arrayMap(file, [PATH])). So the first fence has to hold.
// 3. The engine is another process without secrets in its environment; what it overruns, it ends itself for.

import { isOurDatabase } from '../database-name.ts'
import { StatementRefused, type Table } from '../engine/client.ts'
import type { NarrowedViews } from '../narrowed-views.ts'
import { type Restriction, reachesEverything } from '../restriction.ts'
import { VIEWS } from '../views.ts'
import { archivedMember } from './archived.ts'
import { QueryError } from './error.ts'
import { ask, asQueryFailure, type AsOf, boundSize, type Ground } from './ground.ts'
import { Substitutions } from './parameters.ts'
import { type Token, textOfTokens, tokensOf, UnreadableSql } from './sql-text.ts'
import { GRAMMAR_WORDS, isAllowedFunction, REFUSED_WORDS } from './sql-words.ts'

export interface SqlAnswer extends AsOf {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly unknown[])[]
  /** There was more than one answer may hold. */
  readonly truncated: boolean
}

const SQL_LENGTH_MAX = 20_000
const TOKENS_MAX = 4_000
const NESTING_MAX = 64
const ROWS_MAX = 10_000

/** Limits a server other than our child applies by request; the child has the same in its locked sessions. */
const LOCKED = {
  readonly: 1,
  max_execution_time: 10,
  max_memory_usage: 1024 ** 3,
  limit: ROWS_MAX + 1,
  max_result_bytes: 32 * 1024 ** 2,
} as const

/** Names free SQL may not use, in lower case. */
export interface ForeignNames {
  /** The database of the views, the only one that may be named. */
  readonly own: string
  /** Every other database there is. */
  readonly databases: ReadonlySet<string>
  /** Every function the engine has that is not on our list: a bare name can stand for a function. */
  readonly functions: ReadonlySet<string>
}

/** Runs free SQL. */
export class FreeSql {
  readonly #ground: Ground
  readonly #views: NarrowedViews
  /** What the engine can do does not change while it runs. */
  #functions: ReadonlySet<string> | undefined

  constructor(ground: Ground, views: NarrowedViews) {
    this.#ground = ground
    this.#views = views
  }

  /** @throws QueryError for a statement this endpoint does not run for this caller, or the engine does not understand */
  async run(sql: string, restriction: Restriction): Promise<SqlAnswer> {
    if (restriction.smallCells !== undefined)
      refuse('a caller who may see single decisions', 'one who may see groups')
    return this.#views.use(restriction, this.#ground.catalogue(), async (own) => {
      const statement = guardedSql(sql, await this.#foreignNames(own))
      // How much is read of the tables under the views would tell how much there is beside them.
      if (!reachesEverything(restriction) && statement.startsWith('EXPLAIN'))
        refuse('SELECT, WITH, DESCRIBE or SHOW TABLES', 'EXPLAIN over a part of the records')
      return { ...(await this.#answer(statement, own)), ...archivedMember(this.#ground, restriction) }
    })
  }

  async #answer(statement: string, own: string): Promise<SqlAnswer> {
    const size = boundSize(this.#ground, undefined)
    const { meta, data } = await answerOf(this.#ground, statement, own)
    const rows = data.slice(0, ROWS_MAX).map((row) => row.map((cell, i) => plainCell(cell, meta[i]!.type)))
    return { columns: meta, rows, truncated: data.length > ROWS_MAX, asOf: { size } }
  }

  /** Databases are asked for every statement: one that was made a moment ago must not be named either. */
  async #foreignNames(own: string): Promise<ForeignNames> {
    const databases = await namesFrom(this.#ground, 'databases')
    this.#functions ??= new Set(
      (await namesFrom(this.#ground, 'functions')).filter(
        (name) => !isAllowedFunction(name) && !GRAMMAR_WORDS.has(name),
      ),
    )
    return {
      own,
      databases: new Set(databases.filter((name) => name !== own)),
      functions: this.#functions,
    }
  }
}

async function namesFrom(ground: Ground, table: 'databases' | 'functions'): Promise<string[]> {
  const rows = await ask<{ name: string }>(ground, `SELECT name FROM system.${table}`, new Substitutions())
  return rows.map(({ name }) => name.toLowerCase())
}

async function answerOf(ground: Ground, statement: string, database: string): Promise<Table> {
  try {
    return await ground.reading(() => ground.client.table(statement, { database, settings: LOCKED }))
  } catch (error) {
    const failure = asQueryFailure(error)
    if (!(failure instanceof StatementRefused)) throw failure
    // The engine's words may quote a value it met; its code and the name of the code do not.
    throw new QueryError(
      'bad_sql',
      'sql',
      'a statement the engine understands',
      failure.type || `engine code ${failure.code}`,
    )
  }
}

/** 64-bit integers travel as text; where a double holds them exactly they are numbers again. */
function plainCell(cell: unknown, type: string): unknown {
  if (typeof cell !== 'string' || !/^(?:Nullable\()?U?Int(?:64|128|256)\)?$/.test(type)) return cell
  const number = Number(cell)
  return Number.isSafeInteger(number) ? number : cell
}

function refuse(expected: string, came: string): never {
  throw new QueryError('sql_not_allowed', 'sql', expected, came)
}

/**
 * The statement as the engine may have it.
 *
 * @throws QueryError 'sql_not_allowed' for anything but one read-only statement over the views
 */
export function guardedSql(sql: string, foreign: ForeignNames): string {
  if (sql.length > SQL_LENGTH_MAX) refuse(`at most ${SQL_LENGTH_MAX} characters`, 'more')
  const tokens = readTokens(sql)
  const head = tokens.map(wordOf).slice(0, 3)
  if (isShowTables(tokens)) return 'SHOW TABLES'
  if (head[0] === 'describe' || head[0] === 'desc') return describeView(tokens)
  const explained = head[0] === 'explain'
  const kind = explained && ['plan', 'pipeline', 'syntax', 'estimate'].includes(head[1] ?? '') ? 1 : 0
  const question = tokens.slice(explained ? 1 + kind : 0)
  checkQuestion(question, foreign)
  return explained
    ? `EXPLAIN ${kind === 1 ? `${head[1]} ` : ''}${textOfTokens(question)}`
    : textOfTokens(question)
}

function readTokens(sql: string): Token[] {
  // One trailing semicolon is a habit of people, not a second statement.
  const body = sql.trim().replace(/;$/, '')
  try {
    const tokens = tokensOf(body)
    if (tokens.length > TOKENS_MAX) refuse(`at most ${TOKENS_MAX} tokens`, 'more')
    return tokens
  } catch (error) {
    if (error instanceof UnreadableSql)
      return refuse('one plain SELECT statement', `${error.message} (offset ${error.at})`)
    throw error
  }
}

/** The word a token is, in lower case; undefined for quoted names and everything else. */
function wordOf(token: Token | undefined): string | undefined {
  return token?.type === 'word' ? token.text.toLowerCase() : undefined
}

function isShowTables(tokens: readonly Token[]): boolean {
  return tokens.length === 2 && wordOf(tokens[0]) === 'show' && wordOf(tokens[1]) === 'tables'
}

function describeView(tokens: readonly Token[]): string {
  const rest = tokens.slice(wordOf(tokens[1]) === 'table' ? 2 : 1)
  const name = rest[0]?.text ?? ''
  if (rest.length !== 1 || !VIEWS.includes(name))
    refuse(`DESCRIBE one of ${VIEWS.join(', ')}`, 'another name')
  return `DESCRIBE TABLE ${name}`
}

function checkQuestion(tokens: readonly Token[], foreign: ForeignNames): void {
  const first = tokens.find(({ text }) => text !== '(')
  if (!['select', 'with'].includes(wordOf(first) ?? ''))
    refuse('SELECT, WITH, EXPLAIN, DESCRIBE or SHOW TABLES', 'another statement')
  checkNesting(tokens)
  for (const [i, token] of tokens.entries()) {
    checkWord(token)
    checkCall(tokens, i)
    checkSource(tokens, i)
    checkQualified(tokens, i, foreign)
    checkReference(tokens, i, foreign.functions)
  }
}

function checkNesting(tokens: readonly Token[]): void {
  let depth = 0
  for (const { type, text } of tokens) {
    if (type === 'sign' && (text === '(' || text === '[')) depth += 1
    if (type === 'sign' && (text === ')' || text === ']')) depth -= 1
    if (depth > NESTING_MAX || depth < 0) refuse('balanced parentheses, not too many', 'others')
  }
}

function checkWord(token: Token): void {
  const word = wordOf(token)
  if (word !== undefined && REFUSED_WORDS.has(word))
    refuse('a SELECT that only reads', `the word ${word.toUpperCase()} (quote it if it is a name)`)
  if (token.type === 'quoted' && !/^[\w .%()/-]{1,128}$/.test(token.text))
    refuse('quoted names of letters, digits and . _ - % / ( )', 'another name')
}

/** Whatever stands before a parenthesis is a word of the grammar or a function from the list; so there are no table functions. */
function checkCall(tokens: readonly Token[], i: number): void {
  if (!isSign(tokens[i], '(')) return
  const before = tokens[i - 1]
  if (before?.type === 'quoted') refuse('functions without quotes', 'a quoted one')
  if (before?.type === 'string') refuse('a function before a parenthesis', 'a string')
  const word = wordOf(before)
  if (word === undefined || GRAMMAR_WORDS.has(word)) return
  // A column list of WITH name (…) or a window named w AS (…) never looks like this: AS stands in between.
  if (!isAllowedFunction(word)) refuse('functions from the documented list', `the function ${word}`)
}

function checkSource(tokens: readonly Token[], i: number): void {
  const after = wordOf(tokens[i - 1])
  if (tokens[i]!.type === 'string' && (after === 'from' || after === 'join'))
    refuse('a view after FROM or JOIN', 'a string')
}

/**
 * In `a.b` a is a view, an alias or a column, never another database. With plain names looked up in the database of the
 * views, that leaves no other table to be named. A database of ours that is only now being made is known by its name.
 */
function checkQualified(tokens: readonly Token[], i: number, { own, databases }: ForeignNames): void {
  const { type, text } = tokens[i]!
  if (type !== 'word' && type !== 'quoted') return
  const written = isSign(tokens[i + 1], '.') ? text : text.split('.').length > 1 ? text.split('.')[0]! : ''
  const qualifier = written.toLowerCase()
  if (databases.has(qualifier) || (qualifier !== own && isOurDatabase(qualifier)))
    refuse('the views of this index', 'another database')
}

/** The engine takes the bare name of a function where it expects one, so a name that is a function is used for nothing else. */
function checkReference(tokens: readonly Token[], i: number, functions: ReadonlySet<string>): void {
  const { type, text } = tokens[i]!
  if (type !== 'word' && type !== 'quoted') return
  if (functions.has(text.toLowerCase()))
    refuse('names that are not functions of the engine', `the name ${text}`)
}

function isSign(token: Token | undefined, text: string): boolean {
  return token?.type === 'sign' && token.text === text
}
