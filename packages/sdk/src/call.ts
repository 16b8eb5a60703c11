/*
 * One call of a recorded function, from its beginning to its record.
 *
 * Invariants: a call is recorded exactly once, whatever happens and in whatever order; nothing here throws into the caller; what the
 * record says was read when it happened, not when it is sent.
 */
import type { AuditOptions } from './audit-options.ts'
import { givenId } from './decision.ts'
import type { Decision, DecisionContext } from './decision.ts'
import type { Explanations } from './explanations.ts'
import type { OnError } from './issue.ts'
import type { OpenCall, OpenCalls } from './open-calls.ts'
import { quietTimer } from './pause.ts'
import { hearRejection } from './promise.ts'
import { serialise } from './serialise.ts'
import { describedError, failureOf, statusOfResult } from './status.ts'
import type { StreamListener } from './stream.ts'
import { uuidv7 } from './uuid.ts'

/** Where recorded calls go. */
export interface Recorder {
  /** Records a decision made under `context`; `inputText` is the JSON of its `input`. */
  record(decision: Decision, context: DecisionContext | undefined, inputText: string | undefined): string
  /** Keeps a copy of such a decision where it outlives this process, as far as there is such a place, until what this gives is called. */
  hold(decision: Decision, context: DecisionContext | undefined, inputText: string | undefined): () => void
  readonly context: DecisionContext | undefined
  readonly onError: OnError
  readonly open: OpenCalls
  readonly explanations: Explanations
}

/** How much of a stream's text is kept, or of the JSON of its parts where these are no texts, and how many of them. */
const TEXT_CHARACTERS_MAX = 128 * 1024
const JSON_CHARACTERS_MAX = 1024 * 1024
const STREAM_PARTS_MAX = 10_000
/** Of parts that are no texts the last are kept however many came before: they say how it ended, and what it took. */
const LAST_PARTS = 4
/** A timer for longer would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

export class Call<Args extends unknown[], Result> implements OpenCall {
  readonly #options: AuditOptions<Args, Result>
  readonly #recorder: Recorder
  readonly #args: Args
  readonly #context: DecisionContext | undefined
  readonly #inputText: string | undefined
  readonly #startedMs: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #isDone = false
  /** What it came to, while that waits for its explanation. */
  #outcome: Partial<Decision> | undefined
  #letGo: (() => void) | undefined

  constructor(options: AuditOptions<Args, Result>, recorder: Recorder, args: Args) {
    this.#options = options
    this.#recorder = recorder
    this.#args = args
    this.#context = recorder.context
    this.#inputText = this.#captured('input', () => inputText(options, args, this.#failed('input')))
    const { timeoutMs = Infinity } = options
    if (timeoutMs <= TIMER_MS_MAX) this.#timer = quietTimer(this.#timedOut, timeoutMs)
    recorder.open.add(this)
    this.#startedMs = performance.now()
  }

  /** It gave back a result. `more` is what only whoever saw the result knows. */
  readonly succeeded = (result: Awaited<Result>, more?: Partial<Decision>): void => {
    if (this.#isDone) return
    const latencyMs = this.elapsedMs
    const { output, describe, explain } = this.#options
    const prediction =
      this.#captured('output', () => shown(output, result, this.#failed('output'))) ?? '[not captured]'
    const described = this.#fields('describe', () => describe?.(result, ...this.#args))
    const outcome = { status: statusOfResult(result), prediction, latencyMs, ...more, ...described }
    if (explain) this.#explained(outcome, () => explain(result, ...this.#args))
    else this.#settle(outcome)
  }

  /** It threw or rejected. */
  readonly failed = (error: unknown, more?: Partial<Decision>): void => {
    if (this.#isDone) return
    this.#settle({ ...failureOf(error), latencyMs: this.elapsedMs, ...more })
  }

  abandon(): void {
    this.#settle(
      this.#outcome ?? {
        status: 'error',
        error: { type: 'Unfinished', message: 'the call had not ended when it was recorded' },
        latencyMs: this.elapsedMs,
      },
    )
  }

  /** Listens to the stream it gave back: what passes is its result. */
  listener(stream: Awaited<Result>): StreamListener {
    const { combine = joined, describeStream, output } = this.#options
    const heard = new Heard(output !== false)
    const outcome = (): Partial<Decision> => ({
      prediction:
        (output === false ? undefined : this.#captured('combine', () => combine(heard.parts))) ??
        '[not captured]',
      ...heard.facts(this.#startedMs),
      ...this.#fields('describeStream', () => describeStream?.(heard.parts)),
    })
    return {
      chunk: (value) => heard.chunk(value),
      ended: () => this.#isDone || this.succeeded(stream, outcome()),
      failed: (error) => this.#isDone || this.failed(error, outcome()),
      stopped: () => this.#isDone || this.failed(new Stopped(), outcome()),
    }
  }

  readonly #timedOut = (): void => {
    const message = `no result within ${this.#options.timeoutMs} ms`
    const error = { type: 'TimeoutError', message }
    this.#settle({ status: 'timeout', error, latencyMs: this.elapsedMs })
  }

  /**
   * What weighs much is explained at once, so that the record carries its explanation; it is made after the caller has its result, and
   * the record does not wait for it longer than it must. The rest can be explained when somebody asks.
   */
  #explained(outcome: Partial<Decision>, explain: () => unknown): void {
    const { explanations, open } = this.#recorder
    const tier = outcome.riskTier ?? this.#options.riskTier ?? this.#context?.riskTier
    const modelChecksum = this.#captured('modelDigest', () => this.#options.modelDigest?.())
    const stated = {
      timestamp: new Date(),
      ...(modelChecksum !== undefined && { modelChecksum }),
      ...outcome,
    }
    if (tier === 'high' || tier === 'critical') {
      this.#hold(stated)
      open.explain(
        explanations.make(explain).then((explanation) => this.#settle({ ...explanation, ...this.#outcome })),
      )
    } else {
      const id = this.#settle(stated)
      if (id !== undefined) explanations.keep(id, explain, this.#options.modelDigest, modelChecksum)
    }
  }

  /** Keeps what is known while it waits for its explanation, so that neither a close nor a crash meanwhile loses the decision. */
  #hold(stated: Partial<Decision>): void {
    const { decisionId = givenId(this.#decision(stated)) ?? uuidv7() } = stated
    this.#outcome = { ...stated, decisionId }
    this.#letGo = this.#recorder.hold(this.#decision(this.#outcome), this.#context, this.#inputText)
  }

  #decision(outcome: Partial<Decision>): Decision {
    return { ...contextOf(this.#options), ...outcome }
  }

  #settle(outcome: Partial<Decision>): string | undefined {
    if (this.#isDone) return undefined
    this.#isDone = true
    clearTimeout(this.#timer)
    this.#recorder.open.delete(this)
    const id = this.#recorder.record(this.#decision(outcome), this.#context, this.#inputText)
    this.#letGo?.()
    this.#captured('onRecorded', () => this.#options.onRecorded?.(id))
    return id
  }

  /** Since it began. */
  get elapsedMs(): number {
    return Math.round((performance.now() - this.#startedMs) * 1000) / 1000
  }

  #captured<T>(what: string, capture: () => T): T | undefined {
    const failed = this.#failed(what)
    try {
      const captured = capture()
      hearRejection(captured, failed)
      return captured
    } catch (error) {
      failed(error)
      return undefined
    }
  }

  /** Fields that a function of the options gave, read now: what it gave may resist as well. */
  #fields(what: string, capture: () => Partial<Decision> | undefined): Partial<Decision> | undefined {
    const given = this.#captured(what, capture)
    return this.#captured(what, () => ({ ...given }))
  }

  #failed(what: string): (error: unknown) => void {
    const { onError } = this.#recorder
    return (error) =>
      onError({ code: 'capture_failed', message: `${what} threw ${describedError(error).type}` })
  }
}

/** The reader of a stream went away. */
export class Stopped extends Error {
  override readonly name = 'AbortError'
  constructor() {
    super('the reader stopped before the end')
  }
}

/** What was heard of a stream. */
class Heard {
  readonly #first: unknown[] = []
  readonly #last: unknown[] = []
  readonly #isKeeping: boolean
  #count = 0
  #characters = 0
  #firstMs: number | undefined

  constructor(isKeeping: boolean) {
    this.#isKeeping = isKeeping
  }

  chunk(value: unknown): void {
    this.#firstMs ??= performance.now()
    this.#count += 1
    if (!this.#isKeeping) return
    if (typeof value === 'string') {
      this.#keep(value, value.length, TEXT_CHARACTERS_MAX)
      return
    }
    // Taken now: whoever reads it may change it.
    const text = serialise(value)
    const part: unknown = JSON.parse(text)
    if (this.#keep(part, text.length, JSON_CHARACTERS_MAX)) return
    this.#last.push(part)
    if (this.#last.length > LAST_PARTS) this.#last.shift()
  }

  get parts(): unknown[] {
    return [...this.#first, ...this.#last]
  }

  /** Once something was left out, nothing that comes after it is kept among the first. */
  #keep(part: unknown, characters: number, charactersMax: number): boolean {
    this.#characters += characters
    const fits = this.#characters <= charactersMax && this.#first.length < STREAM_PARTS_MAX
    if (fits) this.#first.push(part)
    else this.#characters = Infinity
    return fits
  }

  facts(startedMs: number): Partial<Decision> {
    const kept = this.#first.length + this.#last.length
    const isCut = this.#isKeeping && this.#count > kept
    return {
      ...(this.#firstMs !== undefined && {
        timeToFirstTokenMs: Math.round((this.#firstMs - startedMs) * 1000) / 1000,
      }),
      ...(isCut && { metadata: { streamParts: this.#count, streamPartsKept: kept } }),
    }
  }
}

/** A stream of texts is one text. */
function joined(parts: readonly unknown[]): unknown {
  return parts.length > 0 && parts.every((part) => typeof part === 'string') ? parts.join('') : [...parts]
}

/** What of the options is said of every call. */
function contextOf<Args extends unknown[], Result>(options: AuditOptions<Args, Result>): Decision {
  const {
    input: _input,
    output: _output,
    describe: _describe,
    combine: _combine,
    describeStream: _describeStream,
    explain: _explain,
    modelDigest: _modelDigest,
    onRecorded: _onRecorded,
    timeoutMs: _timeoutMs,
    ...context
  } = options
  return context
}

function inputText<Args extends unknown[], Result>(
  { input }: AuditOptions<Args, Result>,
  args: Args,
  rejected: (error: unknown) => void,
): string | undefined {
  if (input === false) return undefined
  if (input !== undefined) {
    const given = input(...args)
    hearRejection(given, rejected)
    return serialise(given)
  }
  return args.length === 0 ? undefined : serialise(args.length === 1 ? args[0] : args)
}

/** A function may well answer with nothing; the record says so in words, because null means absent there. */
function shown<Result>(
  output: false | ((result: Result) => unknown) | undefined,
  result: Result,
  rejected: (error: unknown) => void,
): unknown {
  if (output === false) return undefined
  const value = output === undefined ? result : output(result)
  if (output !== undefined) hearRejection(value, rejected)
  if (value === null || value === undefined) return `[${String(value)}]`
  return isStream(value) ? '[stream]' : value
}

function isStream(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || 'then' in value)
}
