import { count, digest, identifier, listOrOne, object, oneOf, text } from '../fields.ts'
import { defineKind } from '../kind.ts'

const NAMED = {
  /** What it is found by: see `artifactIdOf` of the server. */
  artifactId: digest,
  /** SHA-256 by which a resend is known: of the artifact, its id; of a part, that of the id and its number. */
  sourceDigest: digest,
  affectedSubjects: listOrOne(oneOf(identifier, object({ id: identifier }))),
}

/** Bytes kept beside records: a document, an image, an explanation too large for a field. Its content follows in parts. */
export const artifact = defineKind({
  kinds: ['artifact'],
  fields: {
    ...NAMED,
    /** SHA-256 of the content. */
    digest,
    bytes: count,
    parts: count,
    mediaType: text,
    name: text,
  },
  required: [['artifactId'], ['sourceDigest'], ['digest'], ['bytes'], ['parts']],
})

/** A part of the content of an artifact, numbered from 0; the parts in their order are the content. */
export const artifactPart = defineKind({
  kinds: ['artifact.part'],
  fields: {
    ...NAMED,
    part: count,
    /** Base64, RFC 4648 §4. */
    content: text,
  },
  required: [['artifactId'], ['sourceDigest'], ['part'], ['content']],
})
