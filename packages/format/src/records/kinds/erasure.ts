import { count, digest, json, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/**
 * Content was erased. The record commits to the set of erased entries by a root and holds no index, no
 * link and no person, so that it lets nobody join the records that are gone.
 */
export const erasure = defineKind({
  kinds: ['erasure'],
  fields: {
    setRoot: digest,
    count,
    ground: text,
    reason: text,
    requestRef: text,
    requestedAt: time,
    completedAt: time,
    policyVersion: text,
    keyDestruction: json,
    backupHorizon: json,
  },
})
