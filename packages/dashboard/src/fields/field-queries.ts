import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { getJson, sendJson } from '../client.ts'
import { queryClient } from '../query-client.ts'
import { currentLedger } from '../session/state.ts'
import type { Declared, Mode, Preview, PrivacySettings, SystemFields } from './field.ts'

const FOLLOWING_MS = 2_000

/** What is kept of records and what becomes of their fields; asked again while the index does not follow yet. */
export function privacyQuery() {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'privacy'],
    queryFn: ({ signal }) => getJson<PrivacySettings>('/v1/privacy', { ledger, signal }),
    refetchInterval: ({ state: { data } }) => (data?.indexFollows === false ? FOLLOWING_MS : false),
  })
}

export function fieldsQuery(system: string) {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'fields', system],
    queryFn: ({ signal }) => getJson<SystemFields>(`${pathOf(system)}/fields`, { ledger, signal }),
  })
}

/** Settings of a system as they might be. */
export interface Proposal {
  readonly fields: Declared
  readonly mode: Mode
  /** A decision to try them on, as it would be sent. */
  readonly record?: object
}

/** What a proposal would change; nothing of it is kept. */
export function previewQuery(system: string, proposal: Proposal) {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'preview', system, proposal],
    queryFn: () => sendJson<Preview>('POST', `${pathOf(system)}/fields:preview`, proposal),
    placeholderData: keepPreviousData,
    gcTime: 0,
  })
}

interface Saving {
  readonly system: string
  readonly fields: Declared
  /** Undefined for the mode of the ledger. */
  readonly mode: Mode | undefined
  readonly reason: string
}

/** Puts declarations in force, made from the settings that were read. */
export async function saveFields(settings: PrivacySettings, saving: Saving): Promise<void> {
  const { indexFollows: _, systems, ...rest } = settings
  const { system, fields, mode, reason } = saving
  const declared = { ...(mode !== undefined && { mode }), fields }
  await sendJson('PUT', '/v1/privacy', { ...rest, systems: { ...systems, [system]: declared }, reason })
  await reloadFields()
}

export async function reloadFields(): Promise<void> {
  const ledger = currentLedger()
  await Promise.all(
    ['privacy', 'fields', 'stats'].map((name) => queryClient.invalidateQueries({ queryKey: [ledger, name] })),
  )
}

function pathOf(system: string): string {
  return `/v1/systems/${encodeURIComponent(system)}`
}
