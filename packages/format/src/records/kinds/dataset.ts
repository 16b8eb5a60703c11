import { identifier, json, list, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** A version of a data set with what a data sheet must say of it (AI Act Art. 10(2)). */
export const dataset = defineKind({
  kinds: ['dataset.registered'],
  fields: {
    datasetId: identifier,
    version: identifier,
    digest: text,
    name: text,
    origin: json,
    collection: json,
    collectedFrom: time,
    collectedTo: time,
    originalPurpose: text,
    licence: text,
    designChoices: json,
    specialCategories: json,
    specialCategoriesMemo: json,
    preparationSteps: json,
    assumptions: json,
    suitability: json,
    biasExamination: json,
    mitigation: json,
    gaps: json,
    splits: json,
    usedBy: list(),
    deletions: json,
    rectifications: json,
    uri: text,
  },
  aliases: {
    datasetId: ['dataset.id'],
    version: ['dataset.version', 'datasetVersion'],
    digest: ['dataset.hash', 'hash'],
    licence: ['license'],
    biasExamination: ['biasExam'],
  },
  required: [['datasetId']],
})
