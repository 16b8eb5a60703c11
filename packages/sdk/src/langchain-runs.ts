/*
 * What is known of the runs of LangChain that have begun and not ended: which is below which, and what was found and asked for on the way.
 */
import type { End } from './begun.ts'
import type { StreamedText } from './streamed-text.ts'
import { dataOf } from './vendor.ts'
import type { Data } from './vendor.ts'

/** Runs kept at once, and documents of one trace. */
const RUNS_MAX = 10_000
const DOCUMENTS_MAX = 1_000

/** What belongs to all runs below one. */
interface Trace {
  /** The id of the run at the top. */
  readonly id: string
  /** What was retrieved so far. */
  readonly documents: readonly Data[]
  /** Which decision asked for which call of a tool. */
  readonly askedBy: Map<unknown, string>
  found(documents: readonly Data[]): void
}

export interface Run {
  readonly id: string
  readonly parentId: string | undefined
  readonly name: string
  readonly trace: Trace
  /** Names of the runs above it, the top first. */
  readonly path: readonly string[]
  /** What this run is, where it is recorded. */
  call?: { decisionId: string; end: End; text: StreamedText }
  tool?: Data
}

export class Runs {
  readonly #runs = new Map<string, Run>()

  begin(id: string, parentId: string | undefined, name: string): Run {
    const parent = parentId === undefined ? undefined : this.#runs.get(parentId)
    const run: Run = {
      id,
      parentId,
      name,
      trace: parent?.trace ?? newTrace(parentId ?? id),
      path: parent ? [...parent.path, parent.name] : [],
    }
    this.#runs.set(id, run)
    if (this.#runs.size > RUNS_MAX) this.#forgetOldest()
    return run
  }

  get(id: string): Run | undefined {
    return this.#runs.get(id)
  }

  end(id: string): Run | undefined {
    const run = this.#runs.get(id)
    this.#runs.delete(id)
    return run
  }

  #forgetOldest(): void {
    // A Map iterates in order of insertion: the first is the oldest.
    for (const oldest of this.#runs.keys()) return void this.#runs.delete(oldest)
  }
}

function newTrace(id: string): Trace {
  const documents: Data[] = []
  return {
    id,
    documents,
    askedBy: new Map(),
    found: (more) => void documents.push(...more.slice(0, DOCUMENTS_MAX - documents.length)),
  }
}

/** What a run is called: by whoever runs it, else by what it is. */
export function nameOf(serialized: unknown, runName: unknown): string {
  const { name, id } = dataOf(serialized)
  const last: unknown = Array.isArray(id) ? id.at(-1) : undefined
  const found = [runName, name, last].find((named) => typeof named === 'string' && named !== '')
  return typeof found === 'string' ? found : 'unnamed'
}
