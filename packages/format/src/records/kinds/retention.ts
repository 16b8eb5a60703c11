import { count, digest, json, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** A retention run moved records to another tier or let them expire: under which policy, how many, which set. */
export const retention = defineKind({
  kinds: ['retention.tiered', 'retention.expired'],
  fields: {
    policy: text,
    policyVersion: text,
    planDigest: text,
    setRoot: digest,
    counts: json,
    count,
    tier: text,
    from: time,
    to: time,
  },
})
