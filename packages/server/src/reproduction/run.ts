/**
 * What a program is asked in one run: every decision once, beside it controls with altered inputs and one repetition per model. Nothing in
 * a request tells which of these it is, and nothing of what was recorded as output is in any.
 */
import { canonicalJson, type JsonObject, toHex } from '@deponent/format'
import { alteredInputs } from './altered-inputs.ts'
import { answerIn, type ReplayAnswer, type ReplayRequest, requestLine } from './protocol.ts'
import type { ReplayPackage } from './replay-package.ts'

/** So many controls a model has at least, as far as the inputs of its decisions can be altered. */
const CONTROLS_MIN = 4

/** Inputs a program was given and what it said to them. */
export interface Exchange {
  readonly inputs: JsonObject
  readonly answer: ReplayAnswer | undefined
}

/** One decision as it was replayed. */
export interface Replayed {
  readonly decision: ReplayPackage
  readonly answer: ReplayAnswer | undefined
  readonly controls: readonly Exchange[]
  /** The same question once more, where that was asked. */
  readonly repetition: Exchange | undefined
}

interface Asked {
  readonly decision: ReplayPackage
  readonly own: ReplayRequest
  readonly controls: readonly ReplayRequest[]
  readonly repetition: ReplayRequest | undefined
}

/** Which model a decision was made by: controls tell of a program as that model. */
export function modelOf({ model }: ReplayPackage): string {
  return canonicalJson([model['modelId'] ?? '', model['modelVersion'] ?? ''])
}

export class Run {
  readonly #asked: readonly Asked[]
  readonly #answers = new Map<string, ReplayAnswer>()
  readonly #waiting: Set<string>
  /** Lines that answered nothing that was asked, or answered it again. */
  stray = 0

  /** `random` gives unpredictable bytes. */
  constructor(decisions: readonly ReplayPackage[], random: (length: number) => Uint8Array) {
    const newId = (): string => toHex(random(8))
    const sizes = new Map<string, number>()
    for (const name of decisions.map(modelOf)) sizes.set(name, (sizes.get(name) ?? 0) + 1)
    const begun = new Set<string>()
    this.#asked = decisions.map((decision) => {
      const name = modelOf(decision)
      const isFirst = !begun.has(name)
      begun.add(name)
      const { model, parameters } = decision
      const ask = (inputs: JsonObject): ReplayRequest => ({ id: newId(), model, parameters, inputs })
      const controls = alteredInputs(decision.inputs, Math.ceil(CONTROLS_MIN / (sizes.get(name) ?? 1)))
      return {
        decision,
        own: ask(decision.inputs),
        controls: controls.map(ask),
        repetition: isFirst ? ask(decision.inputs) : undefined,
      }
    })
    this.#waiting = new Set(this.#requests().map(({ id }) => id))
  }

  /** What to write to the program: in the order of ids that say nothing. */
  lines(): string[] {
    return this.#requests()
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map(requestLine)
  }

  /** Takes a line of the program. */
  hear(line: string): void {
    if (line.trim() === '') return
    const answer = answerIn(line)
    if (answer && this.#waiting.delete(answer.id)) this.#answers.set(answer.id, answer)
    else this.stray += 1
  }

  /** How many questions have no answer yet. */
  get unanswered(): number {
    return this.#waiting.size
  }

  replayed(): Replayed[] {
    const heard = ({ id, inputs }: ReplayRequest): Exchange => ({ inputs, answer: this.#answers.get(id) })
    return this.#asked.map(({ decision, own, controls, repetition }) => ({
      decision,
      answer: this.#answers.get(own.id),
      controls: controls.map(heard),
      repetition: repetition && heard(repetition),
    }))
  }

  #requests(): ReplayRequest[] {
    return this.#asked.flatMap(({ own, controls, repetition }) => [
      own,
      ...controls,
      ...(repetition ? [repetition] : []),
    ])
  }
}
