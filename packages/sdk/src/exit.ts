/** The part of Node's, Bun's and Deno's `process` that is used here; browsers have none. */
interface HostProcess {
  on(event: 'beforeExit', listener: () => void): void
  off(event: 'beforeExit', listener: () => void): void
}

/** Calls `action` when the process has run out of work; what it starts is waited for. Returns how to forget that. */
export function beforeExit(action: () => Promise<void> | void): () => void {
  const { process } = globalThis as { process?: Partial<HostProcess> }
  if (typeof process?.on !== 'function') return () => undefined
  const listener = () => void action()
  process.on('beforeExit', listener)
  return () => process.off?.('beforeExit', listener)
}
