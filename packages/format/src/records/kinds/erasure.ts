import { count, digest, identifier, json, object, oneOf, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/**
 * Content was erased. The record commits to the set of erased entries by a root and holds no index, no
 * link and no person, so that it lets nobody join the records that are gone.
 */
export const erasure = defineKind({
  kinds: ['erasure'],
  fields: {
    erasureId: identifier,
    setRoot: digest,
    count,
    ground: text,
    reason: text,
    requestRef: text,
    requester: oneOf(text, object()),
    approver: oneOf(text, object()),
    requestedAt: time,
    completedAt: time,
    policyVersion: text,
    keyDestruction: json,
    backupHorizon: json,
  },
})
