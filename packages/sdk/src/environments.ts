/* The environments that were captured, and which decisions carry which. */
import type { CapturedEnvironment, EnvironmentFields, EnvironmentOptions } from './environment.ts'

type Fields = Record<string, unknown>

export class Environments {
  /** By model and version; null stands for every one. */
  readonly #known = new Map<string, EnvironmentFields>()

  keep({ modelId, modelVersion }: EnvironmentOptions, { fields }: CapturedEnvironment): void {
    this.#known.set(keyOf(modelId, modelVersion), fields)
  }

  /** Adds to a decision what it does not say itself. */
  complete(decision: Fields): void {
    if (this.#known.size === 0) return
    const fields = this.#of(
      first(decision, 'modelId', 'model_id'),
      first(decision, 'modelVersion', 'model_version'),
    )
    if (!fields) return
    if (fields.modelChecksum !== undefined && decision['model_checksum'] === undefined)
      decision['modelChecksum'] ??= fields.modelChecksum
    decision['inference'] = joined(fields.inference, decision['inference'])
  }

  #of(modelId: unknown, modelVersion: unknown): EnvironmentFields | undefined {
    return (
      this.#known.get(keyOf(modelId, modelVersion)) ??
      this.#known.get(keyOf(modelId, undefined)) ??
      this.#known.get(keyOf(undefined, undefined))
    )
  }
}

function keyOf(modelId: unknown, modelVersion: unknown): string {
  return JSON.stringify([textOf(modelId), textOf(modelVersion)])
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}

function first(decision: Fields, ...names: string[]): unknown {
  return decision[names.find((name) => decision[name] !== undefined) ?? '']
}

/** What the decision says goes first, one level down in `runtime` too. */
function joined(captured: Fields, own: unknown): unknown {
  if (own === undefined || own === null) return captured
  if (!isPlain(own)) return own
  const whole = { ...captured, ...own }
  if (isPlain(captured['runtime']) && isPlain(own['runtime']))
    whole['runtime'] = { ...captured['runtime'], ...own['runtime'] }
  return whole
}

function isPlain(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
