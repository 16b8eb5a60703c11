/** For which emitters a caller may record. */
export interface RecordingRight {
  /** `name`: the emitter a record is numbered by or speaks of; undefined for a record without one. */
  mayRecordFor(name: string | undefined): boolean
}

/** A record of the request belongs to an emitter that another key speaks for, or to none where the key speaks for one. */
export class EmitterNotYours extends Error {
  constructor() {
    super('this key does not record for the emitter of a record in the request')
  }
}
