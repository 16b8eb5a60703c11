/**
 * Free SQL, read before the engine reads it. The text is cut into tokens of a few unmistakable shapes and written anew
 * from them, so that the engine never sees a character whose meaning we might have taken differently: comments are gone,
 * strings and quoted names are escaped by us, and everything else is a word, a number or a sign from a fixed list.
 */

export type Token =
  | { readonly type: 'word'; readonly text: string }
  | { readonly type: 'quoted'; readonly text: string }
  | { readonly type: 'string'; readonly text: string }
  | { readonly type: 'number'; readonly text: string }
  | { readonly type: 'sign'; readonly text: string }

/** Text that is no SQL we take. `at` is the offset of the first character that is not understood. */
export class UnreadableSql extends Error {
  readonly at: number

  constructor(reason: string, at: number) {
    super(reason)
    this.at = at
  }
}

/** Longest first. No `{`, `;`, `@`, `$`, `#`, `\` or backquote: substitutions, further statements and their likes. */
const SIGNS = [
  '<=>',
  '->',
  '::',
  '||',
  '==',
  '!=',
  '<>',
  '<=',
  '>=',
  '(',
  ')',
  '[',
  ']',
  ',',
  '.',
  '+',
  '-',
  '*',
  '/',
  '%',
  '=',
  '<',
  '>',
  '?',
  ':',
]

const SPACE = /[ \t\r\n]+/y
const LINE_COMMENT = /--[^\n]*/y
const BLOCK_COMMENT = /\/\*[^]*?\*\//y
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![A-Za-z0-9_])/y
/** Of escapes in strings only those are taken that mean the same in every dialect. */
const STRING = /'(?:[^'\\\0]|''|\\['\\nrt])*'/y
const QUOTED = /"[^"\\`\0]*"|`[^"\\`\0]*`/y

const ESCAPES: Readonly<Record<string, string>> = {
  "''": "'",
  "\\'": "'",
  '\\\\': '\\',
  '\\n': '\n',
  '\\r': '\r',
  '\\t': '\t',
}

/** @throws UnreadableSql */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const take = (shape: RegExp): string | undefined => {
    shape.lastIndex = at
    const match = shape.exec(sql)
    if (match) at += match[0].length
    return match?.[0]
  }
  while (at < sql.length) {
    if (take(SPACE) ?? take(LINE_COMMENT) ?? take(BLOCK_COMMENT)) continue
    const token = sql.startsWith('/*', at) ? undefined : (nextToken(take) ?? signAt(sql, at))
    if (!token) throw new UnreadableSql('a character this endpoint does not take', at)
    if (token.type === 'sign') at += token.text.length
    tokens.push(token)
  }
  return tokens
}

function nextToken(take: (shape: RegExp) => string | undefined): Token | undefined {
  const word = take(WORD)
  if (word !== undefined) return { type: 'word', text: word }
  const number = take(NUMBER)
  if (number !== undefined) return { type: 'number', text: number }
  const string = take(STRING)
  if (string !== undefined)
    return { type: 'string', text: string.slice(1, -1).replace(/''|\\./g, (escape) => ESCAPES[escape]!) }
  const quoted = take(QUOTED)
  return quoted === undefined ? undefined : { type: 'quoted', text: quoted.slice(1, -1) }
}

function signAt(sql: string, at: number): Token | undefined {
  const text = SIGNS.find((sign) => sql.startsWith(sign, at))
  return text === undefined ? undefined : { type: 'sign', text }
}

/** The text the engine is given. */
export function textOfTokens(tokens: readonly Token[]): string {
  return tokens.map(textOfToken).join(' ')
}

function textOfToken({ type, text }: Token): string {
  if (type === 'string') return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  return type === 'quoted' ? `\`${text}\`` : text
}
