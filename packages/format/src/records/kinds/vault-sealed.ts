import { count, digest, identifier } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** A vault segment was sealed or rewritten: its footer's digest, so that damage is found without any key. */
export const vaultSealed = defineKind({
  kinds: ['vault.sealed'],
  fields: {
    segment: identifier,
    /** Index of the first entry whose payload the segment holds. */
    first: count,
    /** Index after the last. */
    end: count,
    digest,
  },
  required: [['segment'], ['first'], ['end'], ['digest']],
})
