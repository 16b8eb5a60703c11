import { identifier, json, listOrOne, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'
import { datasetVersion } from './dataset-version.ts'

/** One data set version made from others: an edge of the lineage. */
export const transformation = defineKind({
  kinds: ['dataset.transformed'],
  fields: {
    datasetId: identifier,
    version: identifier,
    digest: text,
    inputs: listOrOne(datasetVersion),
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
