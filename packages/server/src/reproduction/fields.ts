/** Which fields of a decision are what to a replay. */

/** What the model was given. Protected attributes are recorded beside these, for groups, and are no input of the model. */
export const INPUT_FIELDS = [
  'input',
  'inputFeatures',
  'messages',
  'retrievedDocuments',
  'contextData',
  'referenceDatabase',
] as const

/** How it was asked. */
export const PARAMETER_FIELDS = [
  'operation',
  'promptName',
  'promptVersion',
  'policyVersion',
  'threshold',
  'featureStoreVersion',
  'inference',
  'agentId',
  'agentName',
  'agentVersion',
] as const

/** Which model it was. */
export const MODEL_FIELDS = [
  'modelId',
  'modelVersion',
  'modelChecksum',
  'modelType',
  'provider',
  'requestedModel',
  'servedModel',
] as const

/** What it said: what a replay may give again, and is compared. */
export const OUTPUT_FIELDS = [
  'prediction',
  'confidence',
  'confidenceKind',
  'predictionInterval',
  'alternativePredictions',
  'reasonCodes',
  'finishReason',
  'toolCalls',
  'explanation',
  'messages',
] as const
