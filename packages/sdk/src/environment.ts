/*
 * In which environment decisions are made: captured once, beside the work of the application, recorded once, and named by its digest in
 * every decision (docs/reproduce.md). The names are those of model events, so that what is captured can be told of a training as well.
 */
import { dependenciesOf } from './dependencies.ts'
import type { Dependencies } from './dependencies.ts'
import { hostModule, hostProcess } from './host.ts'
import { fileDigest, outputOf } from './host-files.ts'
import type { OnError } from './issue.ts'
import { serialise } from './serialise.ts'

/** What of an environment only the application knows. */
export interface EnvironmentOptions {
  /** Decisions of this model carry it; of every model when absent. */
  modelId?: string
  /** Of this version; of every version when absent. */
  modelVersion?: string
  /** Path of the weights; their SHA-256 is `modelChecksum` of every decision. Read in pieces, whatever their size. */
  modelFile?: string
  /** Settings the model is loaded with. Only their SHA-256 is kept. */
  config?: unknown
  /** The template of a prompt. Only its SHA-256 is kept. */
  prompt?: string
  /** How inputs are prepared: a version, or steps. */
  preprocessing?: unknown
  tokenizer?: unknown
  seeds?: unknown
  /** Where no repository says it. */
  codeCommit?: string
  /** Where the application lies, for its commit and its dependencies. Default: where the process was started. */
  directory?: string
}

/** What could not be found out is absent. */
export interface Environment {
  codeCommit?: string
  /** Whether files differed from the commit, new ones included. */
  codeDirty?: boolean
  runtime?: { name: string; version: string; platform: string; release?: string; arch: string }
  hardware?: { cpu?: string; cores: number; memoryBytes: number; gpus?: string[] }
  dependencies?: Dependencies
  weightsHash?: string
  configHash?: string
  promptHash?: string
  preprocessing?: unknown
  tokenizer?: unknown
  seeds?: unknown
}

/** What the decisions of an environment carry. */
export interface EnvironmentFields {
  modelChecksum?: string
  inference: Record<string, unknown>
}

export interface CapturedEnvironment {
  /** SHA-256 over the RFC 8785 text of `environment`. */
  digest: string
  environment: Environment
  fields: EnvironmentFields
}

/** Never rejects; what fails is absent, and told where it was asked for. */
export async function captureEnvironment(
  options: EnvironmentOptions,
  onError: OnError,
): Promise<CapturedEnvironment | undefined> {
  try {
    const { canonicalJson, readJson, sha256, toHex, utf8 } = await import('@deponent/format')
    const digestOf = (text: string): string => `sha256:${toHex(sha256(utf8(text)))}`
    const { config, preprocessing, prompt, seeds, tokenizer } = options
    const told = { preprocessing, tokenizer, seeds }
    const found = {
      ...(await factsOf(options)),
      weightsHash: await weightsHashOf(options, onError),
      configHash:
        config === undefined ? undefined : digestOf(canonicalJson(readJson(serialise(config)).value)),
      promptHash: prompt === undefined ? undefined : digestOf(prompt),
      ...told,
    }
    // As a reader will see it: only what JSON keeps has a digest that holds.
    const { value } = readJson(serialise(found))
    const digest = digestOf(canonicalJson(value))
    const environment = value as Environment
    return { digest, environment, fields: fieldsOf(digest, environment) }
  } catch (error) {
    const name = error instanceof Error ? error.name : 'it'
    onError({ code: 'capture_failed', message: `the environment was not captured: ${name}` })
    return undefined
  }
}

function fieldsOf(digest: string, environment: Environment): EnvironmentFields {
  const { weightsHash, configHash, preprocessing, tokenizer } = environment
  return {
    ...(weightsHash !== undefined && { modelChecksum: weightsHash }),
    inference: {
      ...(weightsHash !== undefined && { weightsHash }),
      ...(configHash !== undefined && { configHash }),
      ...(preprocessing !== undefined && { preprocessing }),
      ...(tokenizer !== undefined && { tokenizer }),
      runtime: { environment: digest },
    },
  }
}

async function factsOf({ codeCommit, directory }: EnvironmentOptions): Promise<Environment> {
  const host = hostProcess()
  if (!host) return codeCommit === undefined ? {} : { codeCommit }
  const place = directory ?? host.cwd()
  const [code, gpus, dependencies] = await Promise.all([
    codeAt(place),
    gpusOf(),
    dependenciesOf(absolute(place, host.cwd())),
  ])
  const machine = hostModule('node:os')
  const cpus = machine?.cpus() ?? []
  const { arch, platform, version, versions } = host
  const name = versions['bun'] !== undefined ? 'bun' : versions['deno'] !== undefined ? 'deno' : 'node'
  return {
    ...code,
    ...(codeCommit !== undefined && { codeCommit }),
    runtime: {
      name,
      version: versions[name] ?? version,
      platform,
      ...(machine && { release: machine.release() }),
      arch,
    },
    ...(machine && {
      hardware: {
        ...(cpus[0] && { cpu: cpus[0].model.trim() }),
        cores: cpus.length,
        memoryBytes: machine.totalmem(),
        ...(gpus && { gpus }),
      },
    }),
    dependencies,
  }
}

function absolute(path: string, cwd: string): string {
  return /^([/\\]|[A-Za-z]:)/.test(path) ? path : `${cwd}/${path}`
}

/** Nothing a repository has configured is run to look at it. */
const GIT = ['-c', 'core.fsmonitor=false']

async function codeAt(directory: string): Promise<Pick<Environment, 'codeCommit' | 'codeDirty'>> {
  const codeCommit = await outputOf('git', [...GIT, 'rev-parse', 'HEAD'], directory)
  if (codeCommit === undefined || !/^[0-9a-f]{40,64}$/.test(codeCommit)) return {}
  const changes = await outputOf('git', [...GIT, 'status', '--porcelain'], directory)
  return { codeCommit, ...(changes !== undefined && { codeDirty: changes !== '' }) }
}

async function gpusOf(): Promise<string[] | undefined> {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader']
  const said = await outputOf('nvidia-smi', query)
  return said?.split('\n').filter((line) => line !== '')
}

async function weightsHashOf(
  { modelFile }: EnvironmentOptions,
  onError: OnError,
): Promise<string | undefined> {
  if (modelFile === undefined) return undefined
  try {
    return await fileDigest(modelFile)
  } catch {
    onError({ code: 'capture_failed', message: 'the file of the model cannot be read' })
    return undefined
  }
}
