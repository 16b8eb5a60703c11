import { identifier, json, list, object, oneOf, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

const version = oneOf(identifier, object({ datasetId: identifier, version: identifier, digest: text }))

/** One data set version made from others: an edge of the lineage. */
export const transformation = defineKind({
  kinds: ['dataset.transformed'],
  fields: {
    datasetId: identifier,
    version: identifier,
    digest: text,
    inputs: list(version),
    transformation: json,
    parameters: json,
    codeCommit: text,
    script: text,
    rowsIn: json,
    rowsOut: json,
    startedAt: time,
    completedAt: time,
  },
  aliases: {
    datasetId: ['outputDatasetId', 'dataset.id'],
    version: ['dataset.version', 'datasetVersion'],
    digest: ['dataset.hash', 'hash'],
    codeCommit: ['gitCommit'],
  },
  required: [['datasetId']],
})
