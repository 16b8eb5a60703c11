/** One span or log record as it stands in a request, whatever the encoding. */
import { createHash } from 'node:crypto'
import { FormatError, type JsonObject } from '@deponent/format'
import { BodyError } from '../body-error.ts'
import { BODY_RECORDS_MAX } from '../decode.ts'
import type { RequestSize, Size } from './request-size.ts'
import type { Origin } from './telemetry.ts'

export type Signal = 'traces' | 'logs'

/** Its value has the shape of the JSON encoding. */
export interface Item {
  readonly origin: Origin
  readonly value: JsonObject
  readonly digest: string
}

/** The same, or what is wrong with it. */
export type ItemReading = Item | FormatError

/** A resource or a scope and its size, or what is wrong with it: that costs all that came under it, and nothing else. */
export type Reading<Value> = { readonly value: Value; readonly size: Size } | FormatError

/** The names of the lists of a request, from the outside to the inside. */
export const NAMES = {
  traces: { resources: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' },
  logs: { resources: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' },
} as const

/** A resource or a scope, by where it stands. @param read gives it, or throws a FormatError */
export function readingOf<Value>(place: string, read: () => { value: Value; size: Size }): Reading<Value> {
  return attempt(read, (error) => new FormatError(error.code, `${place}: ${error.message}`))
}

/** What stands around a span or log record. */
export interface Around {
  readonly resource: Reading<Origin['resource']>
  readonly scope: Reading<Origin['scope']>
}

/** One span or log record with what stands around it. @throws BodyError `body_too_large` */
export function itemUnder(
  { resource, scope }: Around,
  requestSize: RequestSize,
  read: () => Omit<Item, 'origin'> & { size: Size },
): ItemReading {
  if (resource instanceof FormatError) return resource
  if (scope instanceof FormatError) return scope
  return attempt(() => {
    const { value, digest, size } = read()
    requestSize.add(resource.size, scope.size, size)
    return { origin: { resource: resource.value, scope: scope.value }, value, digest }
  })
}

/** What `read` gives, or the FormatError it throws. */
function attempt<Result>(
  read: () => Result,
  told: (error: FormatError) => FormatError = (error) => error,
): Result | FormatError {
  try {
    return read()
  } catch (error) {
    if (error instanceof FormatError) return told(error)
    throw error
  }
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Counts the resources and scopes of a request, which may bring as many as spans. */
export class Groups {
  #left = BODY_RECORDS_MAX

  /** One more. @throws BodyError `too_many_records` */
  add(): void {
    this.#left -= 1
    if (this.#left < 0) throw tooMany()
  }
}

export function tooMany(): BodyError {
  return new BodyError('too_many_records', `a request may bring ${BODY_RECORDS_MAX} spans or log records`)
}
