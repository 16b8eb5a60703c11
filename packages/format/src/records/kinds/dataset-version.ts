import { identifier, object, oneOf, text } from '../fields.ts'

/** A version of a data set as other records name it: `ID`, `ID/VERSION`, `ID@VERSION`, or both apart. */
export const datasetVersion = oneOf(
  identifier,
  object({ datasetId: identifier, version: identifier, digest: text }),
)
