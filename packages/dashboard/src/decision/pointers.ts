/** Places of fields in a record, as JSON pointers (RFC 6901). */
import type { Json } from '../api.ts'
import { isSealed, isWithheld } from '../display.ts'

/** `inputFeatures`, `a/b` → /inputFeatures/a~1b */
export function pointerTo(...names: readonly string[]): string {
  return names.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** The way back: /inputFeatures/a~1b → inputFeatures, a/b */
export function pointerText(pointer: string): string {
  return pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join(' › ')
}

/** The covered fields of a record: those a purpose may open, and how many are covered for good. */
export function coveredIn(record: Json): { readonly sealed: readonly string[]; readonly withheld: number } {
  const sealed: string[] = []
  let withheld = 0
  const walk = (value: Json, path: readonly string[]) => {
    if (isWithheld(value)) withheld += 1
    else if (isSealed(value)) sealed.push(pointerTo(...path))
    else if (typeof value === 'object' && value !== null)
      for (const [name, part] of Object.entries(value)) walk(part, [...path, name])
  }
  walk(record, [])
  return { sealed, withheld }
}

/** What to open: all, or the field that was asked for, with those that are open for the same purpose already. */
export function fieldsToOpen(
  asked: string,
  open: { readonly purpose: string; readonly fields: readonly string[] | 'all' } | undefined,
  purpose: string,
): readonly string[] | 'all' {
  if (asked === 'all') return 'all'
  if (open === undefined || open.purpose !== purpose) return [asked]
  return open.fields === 'all' ? 'all' : [...new Set([...open.fields, asked])]
}
