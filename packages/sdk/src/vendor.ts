/*
 * Recording the clients of model vendors: their methods are overlaid with recorded ones, so that whoever has the client, and the
 * client's own conveniences, go through them. Nothing of a vendor is imported: what is read of requests and answers is looked at as
 * plain data.
 */
import type { AuditOptions } from './audit-options.ts'
import type { Deponent } from './client.ts'
import type { Decision, DecisionContext } from './decision.ts'
import { serialise } from './serialise.ts'
import { overlay } from './stream.ts'

export type Data = Readonly<Record<string, unknown>>

/** How one method of a vendor's client becomes a decision. */
export interface VendorMethod {
  provider: string
  operation: string
  /** Fields from the request. */
  request: (request: Data) => Partial<Decision>
  /** Fields from the answer. */
  answer: (answer: Data) => Partial<Decision>
  /** Fields from the parts of a streamed answer. */
  stream: (parts: readonly Data[]) => Partial<Decision>
}

const RECORDED = new WeakSet<object>()

/** Records a method of `owner`; once, however often it is asked for. */
export function recordMethod(
  owner: unknown,
  name: string,
  how: VendorMethod,
  audit: Deponent,
  context: DecisionContext,
): void {
  if (typeof owner !== 'object' || owner === null || RECORDED.has(owner)) return
  const method = (owner as Record<string, unknown>)[name]
  if (typeof method !== 'function') return
  RECORDED.add(owner)
  overlay(owner, name, function recorded(this: unknown, ...args: unknown[]): unknown {
    const called = (...given: unknown[]): unknown => Reflect.apply(method, owner, given) as unknown
    return audit.wrap(called, readableOptions(args[0], how, context))(...args)
  })
}

/** A request that resists being read is made and recorded all the same, and what was thrown is told as a failed capture. */
function readableOptions(
  request: unknown,
  how: VendorMethod,
  context: DecisionContext,
): AuditOptions<unknown[], unknown> {
  try {
    return optionsFor(dataOf(request), how, context)
  } catch (error) {
    const input = (): never => {
      throw error
    }
    return { ...optionsFor({}, how, context), input }
  }
}

function optionsFor(
  request: Data,
  how: VendorMethod,
  context: DecisionContext,
): AuditOptions<unknown[], unknown> {
  const { model } = request
  return {
    modelType: 'llm',
    provider: how.provider,
    operation: how.operation,
    modelId: typeof model === 'string' ? model : 'unknown',
    ...taken(how.request(request)),
    ...context,
    input: false,
    combine: (parts) => how.stream(parts.map(dataOf)).prediction,
    describeStream: (parts) => how.stream(parts.map(dataOf)),
    describe: (answer) => (isAnswer(answer) ? how.answer(answer) : {}),
  }
}

/** A copy of what was asked, as it was when it was asked. */
export function taken(fields: Partial<Decision>): Partial<Decision> {
  return JSON.parse(serialise(fields)) as Partial<Decision>
}

/** Neither a stream nor a response whose body its caller reads. */
function isAnswer(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !(Symbol.asyncIterator in value)
}

/** A value as data: what is no object has no members. */
export function dataOf(value: unknown): Data {
  return typeof value === 'object' && value !== null ? (value as Data) : {}
}

export function listOf(value: unknown): Data[] {
  return Array.isArray(value) ? value.map(dataOf) : []
}

/** One text of those values that are texts. */
export function textIn(values: readonly unknown[]): string {
  return values.filter((value) => typeof value === 'string').join('')
}

/** What is there of some members, under names of ours; null and undefined are not there. */
export function given(members: Readonly<Record<string, unknown>>): Partial<Decision> {
  const there = Object.entries(members).filter(
    ([, value]) => value !== undefined && value !== null && !isEmpty(value),
  )
  return Object.fromEntries(there)
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
