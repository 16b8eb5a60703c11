/** Rules as text that people change. The server judges what they say; here only whether they are rules at all. */
import type { Rule } from './policy.ts'

/** One rule a line, so that a change is easy to see. */
export function rulesText(rules: readonly Rule[]): string {
  return rules.length === 0 ? '[]' : `[\n${rules.map((rule) => `  ${JSON.stringify(rule)}`).join(',\n')}\n]`
}

export type ReadRules = { readonly rules: readonly Rule[] } | { readonly problem: string }

/** The rules in a text. */
export function rulesIn(text: string): ReadRules {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { problem: `This is no JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  if (!Array.isArray(value)) return { problem: 'The rules are a list: […]' }
  const wrong = value.findIndex((rule: unknown) => !isRule(rule))
  return wrong < 0
    ? { rules: value as readonly Rule[] }
    : {
        problem: `Rule ${wrong + 1} needs a role, actions, fields, systems (or null) and purpose (true or false).`,
      }
}

function isRule(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { role, actions, fields, systems, purpose } = value as Partial<Record<keyof Rule, unknown>>
  return (
    typeof role === 'string' &&
    Array.isArray(actions) &&
    Array.isArray(fields) &&
    (systems === null || Array.isArray(systems)) &&
    typeof purpose === 'boolean'
  )
}
