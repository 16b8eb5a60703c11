import { Deponent } from './client.ts'
import type { Decision } from './decision.ts'
import type { DeponentOptions, SinkOptions } from './options.ts'

/** One call of `log_decision`; what else it holds is kept too. */
export interface LoggedDecision {
  model_id: string
  model_version?: string
  input_data?: unknown
  /** Or `prediction`. */
  output?: unknown
  prediction?: unknown
  confidence?: number
  user_id?: string
  session_id?: string
  trace_id?: string
  explanation?: unknown
  latency_ms?: number
  metadata?: Record<string, unknown>
  [field: string]: unknown
}

/** A client with the one call that many audit loggers have, for code that has it already. */
export class AIAuditLogger {
  /** The client behind it, for everything else. */
  readonly client: Deponent

  constructor(options: DeponentOptions | SinkOptions | Deponent) {
    this.client = options instanceof Deponent ? options : new Deponent(options)
  }

  /** Records a decision and returns its id at once. Names are kept as they are: the server knows both spellings. */
  log_decision(decision: LoggedDecision): string {
    return this.client.log(decision as unknown as Decision)
  }

  /** As `flush` of the client. */
  flush(options?: { timeoutMs?: number }): Promise<number> {
    return this.client.flush(options)
  }

  /** As `close` of the client. */
  close(options?: { timeoutMs?: number }): Promise<void> {
    return this.client.close(options)
  }
}
