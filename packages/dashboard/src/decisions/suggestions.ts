/** What the filter field offers while a reader types: first the names, then what is actually there to choose from. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import type { AggregateAnswer, SystemSummary } from '../api.ts'
import { getJson } from '../client.ts'
import { count, jsonText } from '../display.ts'
import { FILTER_FIELDS, filterQuery } from '../filters.ts'
import type { Filters } from '../filters.ts'
import { systemsQuery } from '../queries.ts'
import { currentLedger, useMay } from '../session/state.ts'

export interface Suggestion {
  /** What choosing it puts into the field; one that ends in `=` asks for a value next. */
  readonly text: string
  readonly hint: string
}

/** Fields whose values can be counted and so be offered. */
const COUNTED = new Set([
  'system',
  'modelId',
  'modelVersion',
  'prediction',
  'status',
  'riskTier',
  'environment',
])
const OFFERED_MAX = 12

/** Suggestions for what stands in the field, given the filters already chosen. */
export function useSuggestions(typed: string, filters: Filters): readonly Suggestion[] {
  const { data: systems } = useQuery(systemsQuery())
  const mayCount = useMay()('aggregate')
  const [name, value] = parts(typed)
  const isCounted = name !== undefined && (COUNTED.has(name) || name.startsWith('feature.'))
  const { data: values } = useQuery({ ...valuesQuery(name ?? '', filters), enabled: isCounted && mayCount })
  if (name === undefined) return nameSuggestions(typed, systems?.items ?? [])
  const offered = isCounted ? (values ?? []) : choicesOf(name)
  return offered.filter(({ text }) => text.toLowerCase().includes(value.toLowerCase())).slice(0, OFFERED_MAX)
}

function parts(typed: string): [name: string | undefined, value: string] {
  const at = typed.indexOf('=')
  return at < 0 ? [undefined, ''] : [typed.slice(0, at).trim(), typed.slice(at + 1).trim()]
}

function nameSuggestions(typed: string, systems: readonly SystemSummary[]): Suggestion[] {
  const wanted = typed.trim().toLowerCase()
  const named = FILTER_FIELDS.map(({ name, hint }) => ({ text: `${name}=`, hint }))
  return [...named, ...featureNames(systems)].filter(({ text }) => text.toLowerCase().includes(wanted))
}

function featureNames(systems: readonly SystemSummary[]): Suggestion[] {
  const found = new Map<string, string>()
  for (const { name: system, fields } of systems) {
    for (const { name, class: sensitivity } of fields) {
      if (sensitivity === 'queryable') found.set(`feature.${name}=`, `input of ${system}`)
    }
  }
  return [...found].map(([text, hint]) => ({ text, hint }))
}

function choicesOf(name: string): Suggestion[] {
  const field = FILTER_FIELDS.find((known) => known.name === name)
  return (field?.choices ?? []).map((choice) => ({ text: `${name}=${choice}`, hint: '' }))
}

function valuesQuery(name: string, filters: Filters) {
  const { [name]: _, ...others } = filters
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'values', name, others],
    queryFn: async ({ signal }): Promise<Suggestion[]> => {
      const query = filterQuery(others)
      query.set('metrics', 'count')
      query.set('by', name)
      const { items } = await getJson<AggregateAnswer>(`/v1/aggregate?${query}`, { ledger, signal })
      return items
        .filter((item) => item[name] !== null && item[name] !== undefined)
        .toSorted((a, b) => Number(b['count']) - Number(a['count']))
        .map((item) => ({ text: `${name}=${jsonText(item[name])}`, hint: count(Number(item['count'])) }))
    },
  })
}
