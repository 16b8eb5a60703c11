/** The traces of a ledger, recorded by its recorder. */
import type { OpenDirectory } from '../directory.ts'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { DEFAULT_SYSTEM } from '../recording/submission.ts'
import type { Tenant } from '../tenant.ts'
import { Traces } from '../traces/traces.ts'
import { patienceOf } from '../traces/waiting-traces.ts'

/** Seconds that a trace which seems whole waits for more. */
export const TRACE_WAIT_SECONDS = 10

export interface TelemetryParts {
  disk: Disk
  clock: Clock
  random: Random
  directory: OpenDirectory
  /** TRACE_WAIT_SECONDS when absent. */
  traceWaitSeconds?: number
  diagnose(message: string, details?: Record<string, unknown>): void
}

/** The id of an entry, and the name of its system. */
export async function entryAt(
  { ledger, systems }: Pick<Tenant, 'ledger' | 'systems'>,
  index: number,
): Promise<{ id: string; system: string }> {
  const { id, system } = await ledger.entry(index)
  return { id, system: systems.nameOf(system) ?? DEFAULT_SYSTEM }
}

/** Finds what waited when the server ended, and takes what comes. */
export function tracesOf(tenant: Tenant, parts: TelemetryParts): Promise<Traces> {
  const { name, ledger, reader, recorder, vault } = tenant
  const { disk, clock, random, directory } = parts
  return Traces.open({
    place: {
      disk,
      random,
      path: `${directory.path}/state/${name}.spans`,
      key: vault.derive('waiting-spans'),
    },
    clock,
    patience: patienceOf(parts.traceWaitSeconds ?? TRACE_WAIT_SECONDS),
    to: {
      recorder,
      reader,
      entryAt: (index) => entryAt(tenant, index),
      onRefused: (code) =>
        parts.diagnose('a span or decision was refused by the recorder', { ledger: name, code }),
    },
    refusal: () => ledger.refusal,
    diagnose: (message, details) => parts.diagnose(message, { ledger: name, ...details }),
  })
}
