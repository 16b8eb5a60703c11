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

/** Records of one system that are looked at for an environment, the nearest in time first. */
const ENVIRONMENTS_MAX = 500
const EVENTS_MAX = 100

/** A decision that is not shown, and why. */
export interface Unshown {
  readonly id: string
  readonly code: string
  readonly detail: string
}

type Environment = QuotedEnvironment | null | undefined

interface Reading {
  readonly system?: string | undefined
  readonly purpose?: string | undefined
}

export class ReplayPackages {
  readonly #connection: Connection
  readonly #query: string
  readonly #headers: Record<string, string>
  /** By system and digest. */
  readonly #environments = new Map<string, Promise<Environment>>()
  /** By model and version. */
  readonly #events = new Map<string, Promise<QuotedEvent[] | undefined>>()
  /** Records that are no decisions, by id. */
  readonly #others = new Map<string, Promise<RecordedDecision | undefined>>()

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
    return replayPackage(decision, {
      environment: await this.#environmentOf(decision),
      modelEvents: await this.#eventsOf(decision.record),
    })
  }

  #read(id: string, query = ''): Promise<HttpAnswer> {
    return this.#connection.get(`/v1/decisions/${encodeURIComponent(id)}${query}`, undefined, this.#headers)
  }

  /** The environment a decision names; null when it is not found, undefined when this key may not look for it. */
  #environmentOf({ at, record, system }: RecordedDecision): Promise<Environment> {
    const digest = environmentDigestOf(record)
    if (digest === undefined) return Promise.resolve(null)
    return once(this.#environments, JSON.stringify([system, digest]), async () => {
      // Captured when a process began, so mostly not long before what it decided.
      const ids = await this.#idsOf(
        `kind = 'system.log' AND system = ${quoted(system)} ORDER BY abs(toUnixTimestamp64Milli(at) - ${Date.parse(at)}) LIMIT ${ENVIRONMENTS_MAX}`,
      )
      for (const id of ids ?? []) {
        const one = await this.#shown(id)
        const environment = one && environmentIn(one.record)
        if (environment && environmentDigest(environment) === digest)
          return { ...placeOf(one), digest, environment }
      }
      return ids && null
    })
  }

  async #eventsOf({ modelId, modelVersion }: JsonObject): Promise<QuotedEvent[] | undefined> {
    if (typeof modelId !== 'string' || typeof modelVersion !== 'string') return []
    return once(this.#events, JSON.stringify([modelId, modelVersion]), async () => {
      const ids = await this.#idsOf(
        `startsWith(kind, 'model.') AND modelId = ${quoted(modelId)} AND modelVersion = ${quoted(modelVersion)} ORDER BY at LIMIT ${EVENTS_MAX}`,
      )
      if (!ids) return undefined
      const shown = await Promise.all(ids.map((id) => this.#shown(id)))
      return shown
        .filter((one) => one !== undefined)
        .map((one) => ({ ...placeOf(one), kind: one.kind, record: one.record }))
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

  /** A record, once, if it is shown. */
  #shown(id: string): Promise<RecordedDecision | undefined> {
    return once(this.#others, id, async () => {
      const answer = await this.#read(id)
      if (answer.status === 403 || answer.status === 404 || answer.status === 410) return undefined
      const one = jsonOf(answer) as RecordedDecision
      return isObject(one.record) ? one : undefined
    })
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
