import type { ExternalAddress } from './engine/external.ts'
import type { EngineLimits } from './engine/start-line.ts'

export interface EngineSettings {
  /** A ClickHouse server or cluster; without one the embedded engine runs as a child process. */
  readonly server?: ExternalAddress
  /** Bounds of the embedded engine. */
  readonly limits: EngineLimits
}

const GIB = 1024 ** 3
const MIB = 1024 ** 2

export const DEFAULT_SETTINGS: EngineSettings = {
  limits: {
    threads: 2,
    memoryBytesMax: 4 * GIB,
    statementBytesMax: 2 * GIB,
    statementSecondsMax: 30,
    lockedBytesMax: 1 * GIB,
    lockedSecondsMax: 10,
    lockedRowsMax: 10_001,
    lockedAnswerBytesMax: 32 * MIB,
  },
}

/** A server by its address, which may carry user and password. */
export function serverOf(address: string): ExternalAddress {
  const url = new URL(address)
  return {
    url: url.origin,
    username: decodeURIComponent(url.username) || 'default',
    password: decodeURIComponent(url.password),
  }
}
