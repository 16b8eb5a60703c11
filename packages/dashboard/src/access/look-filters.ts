/** What the list of looks is filtered by: flat names of the address, the same as the API's but for days. */

const NAMES = ['identity', 'role', 'action', 'result', 'id', 'from', 'to'] as const

export type LookFilterName = (typeof NAMES)[number]

export type LookFilters = Readonly<Partial<Record<LookFilterName, string>>>

/** The filters in an address. */
export function lookFiltersIn(search: Readonly<Record<string, string>>): LookFilters {
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = search[name]
      return value === undefined || value === '' ? [] : [[name, value] as const]
    }),
  )
}

const DAY = /^\d{4}-\d{2}-\d{2}$/
const DAY_MS = 86_400_000

/** The question put to the API: a day stands for its first moment, and the last day is meant whole. */
export function lookQuery(filters: LookFilters): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(filters))
    query.set(name, name === 'from' || name === 'to' ? moment(name, value) : value)
  return query
}

function moment(name: 'from' | 'to', value: string): string {
  if (!DAY.test(value)) return value
  const start = Date.parse(value)
  return new Date(name === 'to' ? start + DAY_MS : start).toISOString()
}
