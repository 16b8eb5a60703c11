/** Where an engine listens at the moment. A new `generation` means a new process: old connections are worthless. */
export interface EngineAddress {
  readonly generation: number
  readonly url: string
  readonly username: string
  readonly password: string
}

/** `starting` and `restarting` pass by themselves; `stopped` does not. */
export type EngineState = 'starting' | 'ready' | 'restarting' | 'stopped'

/** A statement that was sent and whose fate is unknown. */
export interface LostStatement {
  readonly queryId: string
  /** The generation it was sent to. */
  readonly generation: number
}

/** Something that speaks the ClickHouse HTTP interface: our child process, or a server given by configuration. */
export interface Engine {
  readonly state: EngineState
  /** Undefined unless `ready`. */
  readonly address: EngineAddress | undefined
  /** Why it is not ready, as far as known. For operators; never for callers of the API. */
  readonly trouble: string
  start(): Promise<void>
  /** Resolves when ready. @throws EngineStopped when it never will be. */
  whenReady(): Promise<EngineAddress>
  /** Makes sure that a statement whose answer was lost is no longer running, whatever that takes. */
  abandon(statement: LostStatement): Promise<void>
  stop(): Promise<void>
}

export class EngineStopped extends Error {
  constructor(trouble = '') {
    super(trouble === '' ? 'the index engine is stopped' : `the index engine is stopped: ${trouble}`)
  }
}
