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
