/** A second thread that answers requests one after another. */
import { availableParallelism } from 'node:os'
import { type MessagePort, parentPort, type Transferable, Worker, workerData } from 'node:worker_threads'
import { type Failure, failureOf } from './failure.ts'

/** What the other side of a question receives and gives back. */
export interface Reply<Answer> {
  answer: Answer
  /** Buffers to hand over instead of copying. */
  transfer?: Transferable[]
}

/** What the other thread met while it worked on a question. */
export class WorkerFailure extends Error {
  constructor({ name, code, at }: Failure) {
    super(code === undefined ? name : `${name} ${code}`)
    this.stack = [`WorkerFailure: ${this.message}`, ...at.map((frame) => `    at ${frame}`)].join('\n')
  }
}

/** Thrown to everybody who waits when a worker has died. */
export class WorkerLost extends Error {}

interface Waiting<Answer> {
  resolve(answer: Answer): void
  reject(error: Error): void
}

/**
 * What a request under way holds lives through the collection of what others left: the more room there is, the fewer such collections,
 * and each of them is a pause.
 */
const YOUNG_GENERATION_MB = 192

/** The asking side. A failure inside the worker rejects the question it happened in. */
export class WorkerThread<Question, Answer> {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting<Answer>>()
  #asked = 0
  #lost: Error | undefined

  /** `data` is what `workerStart` gives the worker. */
  constructor(module: URL, data: unknown) {
    this.#worker = new Worker(module, {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    })
    this.#worker.unref()
    this.#worker.on('message', ({ n, answer, error }: { n: number; answer: Answer; error?: Failure }) => {
      const waiting = this.#waiting.get(n)
      this.#waiting.delete(n)
      if (this.#waiting.size === 0) this.#worker.unref()
      if (error === undefined) waiting?.resolve(answer)
      else waiting?.reject(new WorkerFailure(error))
    })
    this.#worker.on('error', (error: Error) => this.#fail(error))
    this.#worker.on('exit', (code) => this.#fail(new WorkerLost(`a worker ended with ${code}`)))
  }

  /** Whether a question waits already: another will wait for it. */
  get isBusy(): boolean {
    return this.#waiting.size > 0
  }

  ask(question: Question, transfer: Transferable[] = []): Promise<Answer> {
    if (this.#lost) return Promise.reject(this.#lost)
    this.#asked += 1
    const n = this.#asked
    // The process lasts as long as a question waits, and no longer for the worker's sake.
    if (this.#waiting.size === 0) this.#worker.ref()
    return new Promise((resolve, reject) => {
      this.#waiting.set(n, { resolve, reject })
      this.#worker.postMessage({ n, question }, transfer)
    })
  }

  async close(): Promise<void> {
    this.#lost ??= new WorkerLost('the worker was closed')
    await this.#worker.terminate()
  }

  #fail(error: Error): void {
    this.#lost ??= error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

/** How many threads this machine runs at once. */
export function threadsAvailable(): number {
  return availableParallelism()
}

/** What the asking side gave this worker at its start. */
export function workerStart(): unknown {
  return workerData
}

/** The answering side: answers every question with `handle`. */
export function answerQuestions<Question, Answer>(handle: (question: Question) => Reply<Answer>): void {
  const port = portOfWorker()
  port.on('message', ({ n, question }: Asked<Question>) => {
    try {
      const { answer, transfer = [] } = handle(question)
      port.postMessage({ n, answer }, transfer)
    } catch (error) {
      // Its words stay there: they may quote what was asked.
      port.postMessage({ n, error: failureOf(error) })
    }
  })
}

/** As `answerQuestions`, where an answer takes its time: a question is not begun before the one in front of it is answered. */
export function answerInTurn<Question, Answer>(handle: (question: Question) => Promise<Reply<Answer>>): void {
  const port = portOfWorker()
  let last: Promise<void> = Promise.resolve()
  const answerOne = async ({ n, question }: Asked<Question>): Promise<void> => {
    try {
      const { answer, transfer = [] } = await handle(question)
      port.postMessage({ n, answer }, transfer)
    } catch (error) {
      port.postMessage({ n, error: failureOf(error) })
    }
  }
  port.on('message', (asked: Asked<Question>) => {
    last = last.then(() => answerOne(asked))
  })
}

interface Asked<Question> {
  n: number
  question: Question
}

function portOfWorker(): MessagePort {
  if (!parentPort) throw new Error('not in a worker')
  return parentPort
}

/** The module beside `here` that has this name, compiled or in source as `here` itself is. */
export function moduleBeside(here: string, name: string): URL {
  return new URL(`./${name}.${here.endsWith('.ts') ? 'ts' : 'js'}`, here)
}
