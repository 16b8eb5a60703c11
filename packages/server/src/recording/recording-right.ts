import type { Emitters } from './emitters.ts'
import type { IntakeOpened } from './intake.ts'
import { linkFor } from './links.ts'
import type { StatedHead } from './stated-heads.ts'

/** Whose records, of which emitters and systems, somebody may send. */
export interface RecordingRight {
  /** Whose an emitter becomes that is first heard from here; absent where it shall be nobody's. */
  readonly owner?: string
  /** `name`: the emitter a record is numbered by or speaks of; undefined for a record without one. */
  mayRecordFor(name: string | undefined): boolean
  mayRecordIn(system: string): boolean
}

/** A record of the request belongs to an emitter that another key speaks for, or to none where the key speaks for one. */
export class EmitterNotYours extends Error {
  constructor() {
    super('this key does not record for the emitter of a record in the request')
  }
}

/** A record of the request belongs to a system that the key does not report for. */
export class SystemNotYours extends Error {
  constructor() {
    super('this key does not record for the system of a record in the request')
  }
}

/**
 * Whether all of a request may be sent by whoever has this right. Records about a decision that name no system belong to that of the
 * decision, which is asked about once it is found.
 *
 * @throws EmitterNotYours · SystemNotYours when a record of the request belongs to what the caller may not speak for
 */
export function checkRight(
  right: RecordingRight,
  { candidates, refused }: IntakeOpened,
  head: StatedHead | undefined,
  emitters: Emitters,
): void {
  const may = (name: string | undefined): void => {
    const owner = name === undefined ? undefined : emitters.named(name)?.owner
    if (!right.mayRecordFor(name) || (owner !== undefined && owner !== right.owner))
      throw new EmitterNotYours()
  }
  for (const { emitter, kind, namesSystem, statesEmitter, systemName } of candidates) {
    if ((namesSystem || linkFor(kind) === undefined) && !right.mayRecordIn(systemName))
      throw new SystemNotYours()
    if (emitter) may(emitter.id)
    if (statesEmitter !== undefined) may(statesEmitter)
    else if (!emitter) may(undefined)
  }
  for (const { emitter } of refused) may(emitter.id)
  if (head) may(head.emitter)
}
