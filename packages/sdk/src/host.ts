/*
 * What a host offers beside web APIs: Node from 20.16 on, Bun and Deno give their built-in modules to whoever asks. They are asked for
 * at run time and never imported, so that what is bundled for a browser or an edge holds no import it could not resolve.
 */
interface HostModules {
  'node:async_hooks': { AsyncLocalStorage: new <T>() => Storage<T> }
  'node:fs/promises': Files
  'node:fs': { writeSync(fd: number, text: string): number }
  'node:os': Machine
  'node:crypto': { createHash(algorithm: 'sha256'): Hash }
  'node:child_process': { execFile: ExecFile }
}

/** The part of AsyncLocalStorage that is used here. */
export interface Storage<T> {
  run<Result>(store: T, fn: () => Result): Result
  getStore(): T | undefined
}

/** The part of node:os that is used here. */
export interface Machine {
  release(): string
  totalmem(): number
  cpus(): { model: string }[]
}

interface Hash {
  update(bytes: Uint8Array): unknown
  digest(coding: 'hex'): string
}

type ExecFile = (
  file: string,
  args: readonly string[],
  options: { cwd?: string; timeout: number; maxBuffer: number; env?: Record<string, string | undefined> },
  done: (error: Error | null, stdout: string) => void,
) => unknown

interface OpenFile {
  read(buffer: Uint8Array, offset: number, length: number, position: null): Promise<{ bytesRead: number }>
  writeFile(data: Uint8Array | string): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

/** The part of node:fs/promises that is used here. */
export interface Files {
  open(path: string, flags: string, mode?: number): Promise<OpenFile>
  mkdir(path: string, options: { recursive: boolean; mode: number }): Promise<unknown>
  readdir(path: string): Promise<string[]>
  stat(path: string): Promise<{ size: number; mtimeMs: number }>
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
}

/** A module of the host; undefined where there is none. */
export function hostModule<Name extends keyof HostModules>(name: Name): HostModules[Name] | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }
  return process?.getBuiltinModule?.(name) as HostModules[Name] | undefined
}

/** The part of Node's, Bun's and Deno's `process` that tells of the host; browsers have none. */
export interface HostFacts {
  version: string
  versions: Record<string, string | undefined>
  platform: string
  arch: string
  env: Record<string, string | undefined>
  cwd(): string
}

export function hostProcess(): HostFacts | undefined {
  const { process } = globalThis as { process?: Partial<HostFacts> }
  return typeof process?.cwd === 'function' ? (process as HostFacts) : undefined
}
