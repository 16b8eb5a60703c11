/*
 * What a host offers beside web APIs: Node from 20.16 on, Bun and Deno give their built-in modules to whoever asks. They are asked for
 * at run time and never imported, so that what is bundled for a browser or an edge holds no import it could not resolve.
 */
interface HostModules {
  'node:async_hooks': { AsyncLocalStorage: new <T>() => Storage<T> }
  'node:fs/promises': Files
  'node:fs': { writeSync(fd: number, text: string): number }
}

/** The part of AsyncLocalStorage that is used here. */
export interface Storage<T> {
  run<Result>(store: T, fn: () => Result): Result
  getStore(): T | undefined
}

interface OpenFile {
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
