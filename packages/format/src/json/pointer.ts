import type { JsonValue } from './value.ts'
import { isObject, memberOf } from './value.ts'

/** One reference token of a JSON pointer (RFC 6901 §3): `~` is written `~0`, `/` is written `~1`. */
export function escapeToken(name: string): string {
  if (!name.includes('~') && !name.includes('/')) return name
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** The pointer made of these names and indices; '' points at the whole document. */
export function pointerOf(tokens: readonly (string | number)[]): string {
  let pointer = ''
  for (const token of tokens) pointer += `/${typeof token === 'number' ? token : escapeToken(token)}`
  return pointer
}

/** The names of a pointer, unescaped. */
export function tokensOf(pointer: string): string[] {
  if (pointer === '') return []
  const tokens = pointer.split('/').slice(1)
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The value a pointer leads to, or undefined when it leads nowhere. */
export function valueAt(value: JsonValue, pointer: string): JsonValue | undefined {
  if (pointer !== '' && !pointer.startsWith('/')) return undefined
  let found: JsonValue | undefined = value
  for (const token of tokensOf(pointer)) {
    if (Array.isArray(found)) found = /^(?:0|[1-9]\d{0,9})$/.test(token) ? found[Number(token)] : undefined
    else found = isObject(found) ? memberOf(found, token) : undefined
  }
  return found
}
