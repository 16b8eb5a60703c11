import { detect, escapeToken, tokensOf } from '@deponent/format'

/** A pointer without places in lists, and without names that hold what a name should not: whoever may see fields is shown it. */
export function shownPointer(pointer: string): string {
  const tokens = tokensOf(pointer).map((token) =>
    /^\d+$/.test(token) || detect(token) !== undefined ? '*' : token,
  )
  return tokens.map((token) => `/${escapeToken(token)}`).join('')
}
