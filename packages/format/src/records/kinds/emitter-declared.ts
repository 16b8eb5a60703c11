import { text } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** A source that numbers its records, first seen. The ledger knows it by its slug only; `name` and `slug` here are where the two meet. */
export const emitterDeclared = defineKind({
  kinds: ['emitter.declared'],
  fields: {
    name: text,
    slug: text,
    /** The identity whose keys alone record under the name, when it is somebody's. */
    owner: text,
  },
  required: [['name'], ['slug']],
})
