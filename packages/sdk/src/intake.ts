/*
 * Takes what an application reports: completes it, makes text of it at once, numbers it and puts it in the queue.
 *
 * Invariants: nothing here throws; what is taken is numbered whether or not it can be kept, and what cannot be kept is counted and
 * declared; after `close` nothing is taken.
 */
import { givenId, hasTime } from './decision.ts'
import type { DecisionContext } from './decision.ts'
import type { Environments } from './environments.ts'
import { fitting } from './fitting.ts'
import type { LossReason, OnError } from './issue.ts'
import type { Numbering } from './numbering.ts'
import type { AnyOptions } from './options.ts'
import { hearRejection, isPromise } from './promise.ts'
import type { Numbered, Queue, Queued, RecordPath } from './queue.ts'
import { serialise, withMember } from './serialise.ts'
import type { Counts } from './stats.ts'
import { describedError } from './status.ts'
import { uuidv7 } from './uuid.ts'

type Given = Readonly<Record<string, unknown>>

/** What is taken beside the record itself. */
export interface Taking {
  /** What was set around the code that made it. */
  context?: DecisionContext | undefined
  /** The JSON of the field `input` where that had to be taken earlier. */
  inputText?: string | undefined
}

export interface IntakeParts {
  queue: Queue
  counts: Counts
  onError: OnError
  numbering?: Numbering | undefined
  environments: Environments
  /** Told when something joined the queue, or was lost before it could: either is to be sent. */
  onTaken: () => void
}

/** Fields that hold what a model was given, and what it said, in both spellings. */
const INPUTS = spellings([
  'input',
  'inputData',
  'inputFeatures',
  'messages',
  'retrievedDocuments',
  'contextData',
])
const OUTPUTS = spellings([
  'prediction',
  'output',
  'explanation',
  'alternativePredictions',
  'finalDecision',
  'toolCalls',
])
/** What an action is done with is said by a model, and what comes of it is told to one: either switch leaves out both. */
const ACTION_CONTENT = ['input', 'result']
const NOT_CAPTURED = '[not captured]'

export class Intake {
  readonly #options: AnyOptions
  readonly #parts: IntakeParts
  /** Everything reported so far. */
  reported = 0
  #overflown = 0
  #isClosed = false

  constructor(options: AnyOptions, parts: IntakeParts) {
    this.#options = options
    this.#parts = parts
  }

  close(): void {
    this.#isClosed = true
  }

  /** Takes a decision and gives its id. */
  decision(given: Given, taking: Taking = {}): string {
    let decisionId = ''
    const completed = (): Record<string, unknown> => {
      const decision: Record<string, unknown> = { ...this.#options.context, ...taking.context, ...given }
      const id = givenId(decision)
      decisionId = id ?? uuidv7()
      if (id === undefined) decision['decisionId'] = decisionId
      if (!hasTime(decision)) decision['timestamp'] = new Date().toISOString()
      this.#parts.environments.complete(decision)
      return decision
    }
    this.#take('/v1/decisions', completed, () => (decisionId ||= uuidv7()), taking.inputText)
    return decisionId
  }

  /** The text of a decision as it would be sent, without a number; undefined when it would not be. */
  copyOf(given: Given, taking: Taking = {}): string | undefined {
    try {
      const whole = this.#textOf({ ...this.#options.context, ...taking.context, ...given }, taking.inputText)
      const text = this.#redacted(whole)
      return text === undefined ? undefined : fitting(text)
    } catch {
      // It is told when the decision itself is taken.
      return undefined
    }
  }

  /** Takes a record of another kind and gives an id for its receipt. */
  record(kind: string | ((given: Given) => string), given: Given, context?: DecisionContext): string {
    const id = uuidv7()
    const completed = (): Record<string, unknown> => {
      const record: Record<string, unknown> = { ...context, ...given }
      record['kind'] = typeof kind === 'string' ? kind : kind(record)
      if (!hasTime(record)) record['at'] = new Date().toISOString()
      return record
    }
    this.#take('/v1/records', completed, () => id)
    return id
  }

  /** A full queue turns away thousands; they are declared together. */
  declareOverflow(): void {
    const count = this.#overflown
    this.#overflown = 0
    if (count === 0) return
    this.#parts.onError({
      code: 'lost',
      reason: 'queue_full',
      count,
      message: 'no room for more waiting decisions',
    })
  }

  /** Counts and declares records that will never be sent. */
  lose(reason: LossReason, count: number, message: string): void {
    this.#parts.counts.lost += count
    this.#parts.onError({ code: 'lost', reason, count, message })
  }

  #take(
    path: RecordPath,
    complete: () => Record<string, unknown>,
    id: () => string,
    inputText?: string,
  ): void {
    this.reported += 1
    const { numbering } = this.#parts
    let number: Numbered | undefined
    let reason: LossReason = 'unserialisable'
    try {
      const record = complete()
      if (this.#isClosed) return this.lose('closed', 1, 'recorded after the client was closed')
      // An application that numbers its records itself goes on doing so.
      if (numbering && !('emitter' in record)) number = { seq: numbering.next() }
      const whole = this.#textOf(record, inputText)
      reason = 'redaction_failed'
      const text = this.#redacted(whole)
      if (text === undefined) this.#drop('redacted', number, 'redact gave nothing back')
      else this.#enqueue({ decisionId: id(), path, text: fitting(text), ...(number && { number }) })
    } catch (error) {
      const what = reason === 'unserialisable' ? 'no JSON can be made of it' : 'redact threw'
      this.#drop(reason, number, `${what} (${describedError(error).type})`)
    } finally {
      id()
    }
  }

  #textOf(record: Record<string, unknown>, inputText?: string): string {
    const { includeInputs, includeOutputs, system } = this.#options
    if (system !== undefined) record['system'] ??= system
    if (includeInputs === false) for (const name of INPUTS) delete record[name]
    if (includeOutputs === false) leaveOutputs(record)
    if (record['kind'] === 'action' && (includeInputs === false || includeOutputs === false))
      for (const name of ACTION_CONTENT) delete record[name]
    const text = serialise(record)
    return inputText === undefined || includeInputs === false ? text : withMember(text, 'input', inputText)
  }

  #redacted(text: string): string | undefined {
    const { redact } = this.#options
    if (redact === undefined) return text
    const kept: unknown = redact(JSON.parse(text) as Record<string, unknown>)
    if (isPromise(kept)) {
      hearRejection(kept, () => undefined)
      throw new TypeError('redact gave a promise')
    }
    return typeof kept === 'object' && kept !== null ? serialise(kept) : undefined
  }

  #drop(reason: LossReason, number: Numbered | undefined, message: string): void {
    if (number) this.#parts.numbering?.lose(number, reason)
    this.lose(reason, 1, message)
    this.#parts.onTaken()
  }

  #enqueue(item: Queued): void {
    const { queue, counts, numbering, onTaken } = this.#parts
    if (!queue.add(item)) {
      counts.lost += 1
      this.#overflown += 1
      if (item.number) numbering?.lose(item.number, 'queue_full')
    }
    onTaken()
  }
}

function leaveOutputs(record: Record<string, unknown>): void {
  const isSaid = OUTPUTS.some((name) => record[name] !== undefined)
  for (const name of OUTPUTS) delete record[name]
  if (isSaid) record['prediction'] = NOT_CAPTURED
}

function spellings(names: readonly string[]): string[] {
  const snakeCase = (name: string): string =>
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return [...new Set(names.flatMap((name) => [name, snakeCase(name)]))]
}
