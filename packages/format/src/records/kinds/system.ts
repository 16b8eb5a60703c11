import { flag, json, listOrOne, object, oneOf, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/**
 * What a system is and under which rules it runs, first declared, later changed. The ledger knows a
 * system by its slug only; `name` and `slug` here are where the two meet.
 */
export const system = defineKind({
  kinds: ['system.declared', 'system.changed'],
  fields: {
    name: text,
    slug: text,
    description: text,
    versionScheme: text,
    roles: listOrOne(text),
    legalClass: text,
    annexPoint: text,
    intendedPurpose: text,
    memberStates: listOrOne(text),
    provider: oneOf(text, object()),
    deployer: oneOf(text, object()),
    authorisedRepresentative: oneOf(text, object()),
    euDatabaseId: text,
    lawfulBases: listOrOne(text),
    automationLevel: text,
    determinativeUse: flag,
    riskTier: text,
    oversightMode: text,
    logCustody: json,
    suppliers: json,
    instructionsVersion: text,
    marketDate: time,
    status: text,
    owner: oneOf(text, object()),
    /** Which field names the person affected: affectedUserId, userId, feature.NAME or none. */
    subjectFrom: text,
    privacy: json,
    fields: json,
    before: json,
    after: json,
    reason: text,
    approver: oneOf(text, object()),
  },
  required: [['name', 'system']],
})
