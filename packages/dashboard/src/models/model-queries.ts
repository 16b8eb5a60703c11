import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { getJson } from '../client.ts'
import { STATS_MS } from '../query-client.ts'
import { currentLedger } from '../session/state.ts'
import type { Datasets, Gate, Lineage, Model, Models } from './life.ts'

function lifeQuery<T>(path: string) {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'models', path],
    queryFn: ({ signal }) => getJson<T>(path, { ledger, signal }),
    refetchInterval: STATS_MS,
    placeholderData: keepPreviousData,
  })
}

export const modelsQuery = () => lifeQuery<Models>('/v1/models')
export const datasetsQuery = () => lifeQuery<Datasets>('/v1/datasets')

/** `at`: the moment of which it is asked what was in force; now when absent. */
export function modelQuery(modelId: string, at: string | undefined) {
  const query = at === undefined ? '' : `?${new URLSearchParams({ at })}`
  return lifeQuery<Model>(`${pathOf(modelId)}${query}`)
}

/** Asked once: it is a verdict of the moment. */
export function gateQuery(modelId: string, modelVersion: string) {
  const ledger = currentLedger()
  const path = `${pathOf(modelId)}/gate?${new URLSearchParams({ modelVersion })}`
  return queryOptions({
    queryKey: [ledger, 'gate', path],
    queryFn: ({ signal }) => getJson<Gate>(path, { ledger, signal }),
  })
}

/** Of a model, or of a data set: a version of it, or all. */
export function lineageQuery(of: Readonly<Record<string, string>>) {
  return lifeQuery<Lineage>(`/v1/lineage?${new URLSearchParams(of)}`)
}

function pathOf(modelId: string): string {
  return `/v1/models/${encodeURIComponent(modelId)}`
}
