import {
  flag,
  identifier,
  json,
  list,
  listOrOne,
  name,
  number,
  object,
  objectWith,
  oneOf,
  text,
} from '../fields.ts'
import type { Judged } from '../kind.ts'
import { defineKind } from '../kind.ts'
import { datasetVersion } from './dataset-version.ts'

/** A result that names no metric says nothing of the model. */
const evaluation = objectWith(['metric'], {
  metric: name,
  value: number,
  threshold: number,
  passed: flag,
  group: json,
  n: number,
})

/** One step in the life of a model version: trained, evaluated, approved, deployed, rolled back, retired. */
export const modelEvent = defineKind({
  kinds: [
    'model.training_started',
    'model.training_completed',
    'model.evaluation_completed',
    'model.validation',
    'model.deployment_approved',
    'model.deployed',
    'model.substantial_modification_assessed',
    'model.rollback',
    'model.deprecated',
    'model.recall',
    'model.retired',
  ],
  fields: {
    modelId: name,
    modelVersion: identifier,
    previousVersion: identifier,
    modelType: text,
    provider: text,
    eventType: text,
    details: json,
    reason: text,
    /** Who allowed it: of an approval, of a deployment, of a rollback. */
    approver: oneOf(text, object()),
    environment: text,
    changeClass: text,
    substantial: flag,
    trainingDataRef: oneOf(datasetVersion, list(datasetVersion)),
    evaluationResults: listOrOne(evaluation),
    hyperparameters: object(),
    codeCommit: text,
    script: text,
    runtime: json,
    dependencies: json,
    hardware: json,
    seeds: json,
    weightsHash: text,
    configHash: text,
  },
  aliases: {
    modelId: ['model.id'],
    modelVersion: ['model.version'],
    approver: ['approvedBy', 'authorisedBy', 'authorizedBy', 'authoriser', 'authorizer'],
    codeCommit: ['gitCommit'],
    weightsHash: ['modelChecksum'],
  },
  required: [['modelId']],
  judge: judgeEventType,
})

/** `eventType` says once more what the kind says; the two may not differ. */
function judgeEventType(record: Judged, kind: string): void {
  const eventType = record.value('eventType')
  const expected = kind.slice('model.'.length)
  if (eventType === undefined || eventType === expected) return
  record.reject('bad_value', record.pathOf('eventType'), `expected ${expected}`)
}
