import { createClient } from '@clickhouse/client'
import {
  type Engine,
  type EngineAddress,
  type EngineState,
  EngineStopped,
  type LostStatement,
} from './engine.ts'

export interface ExternalAddress {
  readonly url: string
  readonly username: string
  readonly password: string
}

/** A ClickHouse server or cluster somebody else runs: always taken for ready, because only a statement can tell. */
export class ExternalEngine implements Engine {
  readonly #address: EngineAddress
  #stopped = false

  constructor(address: ExternalAddress) {
    this.#address = { generation: 1, ...address }
  }

  get state(): EngineState {
    return this.#stopped ? 'stopped' : 'ready'
  }

  get address(): EngineAddress | undefined {
    return this.#stopped ? undefined : this.#address
  }

  readonly trouble = ''

  async start(): Promise<void> {}

  whenReady(): Promise<EngineAddress> {
    return this.#stopped ? Promise.reject(new EngineStopped()) : Promise.resolve(this.#address)
  }

  /** Asks the server to end the statement and waits until it has. */
  async abandon({ queryId }: LostStatement): Promise<void> {
    const { url, username, password } = this.#address
    const client = createClient({ url, username, password })
    try {
      await client.command({
        query: 'KILL QUERY WHERE query_id = {id:String} SYNC',
        query_params: { id: queryId },
      })
    } finally {
      await client.close()
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
  }
}
