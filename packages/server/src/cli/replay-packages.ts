/** Gathers replay packages from a server, by its ordinary routes: what the key may not see is missing in them, and each look is on record. */
import { isObject, type JsonObject } from '@deponent/format'
import type { HttpAnswer } from '../platform/http-client.ts'
import { environmentDigest, environmentIn } from '../reproduction/environment.ts'
import type { RecordedDecision } from '../reproduction/recorded-decision.ts'
import {
  environmentDigestOf,
  type QuotedEnvironment,
  type QuotedEvent,
  type ReplayPackage,
  replayPackage,
} from '../reproduction/replay-package.ts'
import { type Connection, jsonOf } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { purposeHeader } from './purpose.ts'

/** Environments of one system that are looked at, the newest first. */
const ENVIRONMENTS_MAX = 500
const EVENTS_MAX = 100

/** A decision that is not shown, and why. */
export interface Unshown {
  readonly id: string
  readonly code: string
  readonly detail: string
}

interface Reading {
  readonly system?: string | undefined
  readonly purpose?: string | undefined
}

export class ReplayPackages {
  readonly #connection: Connection
  readonly #query: string
  readonly #headers: Record<string, string>
  /** By system. */
  readonly #environments = new Map<string, Promise<ReadonlyMap<string, QuotedEnvironment> | undefined>>()
  /** By model and version. */
  readonly #events = new Map<string, Promise<QuotedEvent[] | undefined>>()

  constructor(connection: Connection, { system, purpose }: Reading) {
    this.#connection = connection
    this.#query = system === undefined ? '' : `?system=${encodeURIComponent(system)}`
    this.#headers = purposeHeader(purpose)
  }

  /** The package of one decision. CommandError when there is none by this id, or it is no decision. */
  async of(id: string): Promise<ReplayPackage | Unshown> {
    const answer = await this.#read(id, this.#query)
    if (answer.status === 403 || answer.status === 410) return unshown(id, answer)
    const decision = jsonOf(answer) as RecordedDecision
    if (decision.kind !== 'decision')
      throw new CommandError(EXIT.usage, `${id} is no decision: its kind is ${decision.kind}`)
    const digest = environmentDigestOf(decision.record)
    const environments = digest === undefined ? undefined : await this.#environmentsOf(decision.system)
    return replayPackage(decision, {
      environment: digest === undefined ? undefined : environments?.get(digest),
      modelEvents: await this.#eventsOf(decision.record),
    })
  }

  #read(id: string, query = ''): Promise<HttpAnswer> {
    return this.#connection.get(`/v1/decisions/${encodeURIComponent(id)}${query}`, undefined, this.#headers)
  }

  #environmentsOf(system: string): Promise<ReadonlyMap<string, QuotedEnvironment> | undefined> {
    return once(this.#environments, system, async () => {
      const ids = await this.#idsOf(
        `kind = 'system.log' AND system = ${quoted(system)} ORDER BY at DESC LIMIT ${ENVIRONMENTS_MAX}`,
      )
      const found = new Map<string, QuotedEnvironment>()
      for (const one of await this.#shown(ids)) {
        const environment = environmentIn(one.record)
        if (!environment) continue
        const digest = environmentDigest(environment)
        if (!found.has(digest)) found.set(digest, { ...placeOf(one), digest, environment })
      }
      return ids && found
    })
  }

  async #eventsOf({ modelId, modelVersion }: JsonObject): Promise<QuotedEvent[] | undefined> {
    if (typeof modelId !== 'string' || typeof modelVersion !== 'string') return []
    return once(this.#events, JSON.stringify([modelId, modelVersion]), async () => {
      const ids = await this.#idsOf(
        `startsWith(kind, 'model.') AND modelId = ${quoted(modelId)} AND modelVersion = ${quoted(modelVersion)} ORDER BY at LIMIT ${EVENTS_MAX}`,
      )
      const events = await this.#shown(ids)
      return ids && events.map((one) => ({ ...placeOf(one), kind: one.kind, record: one.record }))
    })
  }

  /** Ids of records by a condition on the index; undefined when this key may not ask it. */
  async #idsOf(condition: string): Promise<string[] | undefined> {
    const sql = `SELECT id FROM records WHERE ${condition}`
    const answer = await this.#connection.post('/v1/sql', JSON.stringify({ sql }), this.#headers)
    if (answer.status === 403) return undefined
    const { rows } = jsonOf(answer) as { rows: [string][] }
    return rows.map(([id]) => id)
  }

  /** Those of the records that are shown. */
  async #shown(ids: readonly string[] = []): Promise<RecordedDecision[]> {
    const shown: RecordedDecision[] = []
    for (const id of ids) {
      const answer = await this.#read(id)
      if (answer.status === 403 || answer.status === 404 || answer.status === 410) continue
      const one = jsonOf(answer) as RecordedDecision
      if (isObject(one.record)) shown.push(one)
    }
    return shown
  }
}

function placeOf({ id, index, at }: RecordedDecision): { id: string; index: number; at: string } {
  return { id, index, at }
}

function unshown(id: string, { text }: HttpAnswer): Unshown {
  const { code, detail } = JSON.parse(text) as { code: string; detail: string }
  return { id, code, detail }
}

/** A text as a literal of SQL. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function once<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? find()
  known.set(key, found)
  return found
}
