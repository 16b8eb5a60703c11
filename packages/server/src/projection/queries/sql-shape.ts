/** What may be told of a statement without telling what somebody typed into it. */
import { VIEW_COLUMNS, VIEWS } from '../views.ts'
import { type Token, textOfTokens, tokensOf, UnreadableSql } from './sql-text.ts'
import { GRAMMAR_WORDS, isAllowedFunction } from './sql-words.ts'

/** Words of statements that are neither functions nor stand before a parenthesis. */
const FURTHER_WORDS: ReadonlySet<string> = new Set(
  `day desc describe estimate explain false hour minute month null pipeline plan quarter second show syntax table tables true
  week year`.split(/\s+/),
)

const NAMES: ReadonlySet<string> = new Set([...VIEWS, ...VIEW_COLUMNS])

export interface ReadStatement {
  /** The statement with `?` for every text, number and name that is not one of the language or of our views; undefined for text that is no SQL we take. */
  readonly shape?: string
  /** The statement in one spelling: without comments, spaced alike. */
  readonly spelling: string
}

export function readSql(sql: string): ReadStatement {
  const body = sql.trim().replace(/;$/, '')
  try {
    const tokens = tokensOf(body)
    return { shape: tokens.map(shapeOfToken).join(' '), spelling: textOfTokens(tokens) }
  } catch (error) {
    if (error instanceof UnreadableSql) return { spelling: body }
    throw error
  }
}

function shapeOfToken({ type, text }: Token): string {
  if (type === 'sign') return text
  if (type !== 'word' && type !== 'quoted') return '?'
  if (NAMES.has(text)) return text
  const word = text.toLowerCase()
  const isOurs = GRAMMAR_WORDS.has(word) || FURTHER_WORDS.has(word) || isAllowedFunction(word)
  return type === 'word' && isOurs ? word : '?'
}
