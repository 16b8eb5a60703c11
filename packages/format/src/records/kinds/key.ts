import { json, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** A signing, wrapping or access key came, changed or went. Never the secret itself. */
export const key = defineKind({
  kinds: ['key.created', 'key.rotated', 'key.succeeded', 'key.revoked', 'key.destroyed'],
  fields: {
    keyId: text,
    use: text,
    algorithm: text,
    vkey: text,
    previousKeyId: text,
    previousVkey: text,
    validFrom: time,
    validTo: time,
    reason: text,
    /** Of a rotation: the note under both keys, see `rotation.ts`. */
    statement: text,
    /** Of a succession: the ledger that was succeeded, see `succession.ts`. */
    succeeds: json,
    details: json,
  },
  required: [['keyId', 'vkey']],
})
