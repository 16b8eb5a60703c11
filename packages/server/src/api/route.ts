/** What a route is; the tables of them are in `routes/`. */
import type { z } from 'zod'
import type { Action } from '../access/action.ts'

export interface Route {
  operation: Operation
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Path with `:name` parameters; a last `:path*` takes the rest. */
  path: string
  /**
   * What the policy must allow its caller. `open` needs no key; `any` needs a key, whatever it is for; `installation` needs the
   * token of first start.
   */
  action: Action | 'open' | 'any' | 'installation'
  /**
   * How a use of it is put on record. `before`: durable before the answer leaves. `soon`: within a second. `none`: nothing recorded
   * is shown, or what is done is a record itself; denials are on record all the same.
   */
  look: 'before' | 'soon' | 'none'
  summary: string
  query?: z.ZodObject
  /** Schema of a JSON request body, for the document; bodies are judged by the code that reads them. */
  body?: z.ZodType
  response?: z.ZodType
  /** Media type of the answer when it is not JSON. */
  produces?: string
  /** Other addresses of the same, which clients made for other servers use. */
  aliases?: readonly string[]
  /** A protocol of others: keys in all the places where their clients put them, and of OTLP failures in its words too. */
  speaks?: 'otlp' | 'langfuse'
  /** Takes and judges records one by one: NDJSON too, and the answer's status tells how many were kept. */
  judges?: true
}

export type Operation =
  | 'recordDecisions'
  | 'recordRecords'
  | 'recordReview'
  | 'recordOutcome'
  | 'recordExplanation'
  | 'recordContest'
  | 'recordComment'
  | 'recordScore'
  | 'recordModelEvent'
  | 'exportTraces'
  | 'exportLogs'
  | 'ingestLangfuse'
  | 'putArtifact'
  | 'getArtifact'
  | 'getArtifactContent'
  | 'listDecisions'
  | 'getDecision'
  | 'getProof'
  | 'getBundle'
  | 'postBundles'
  | 'listLabelled'
  | 'getTimeline'
  | 'getReproducibility'
  | 'lookUpSubject'
  | 'getAggregate'
  | 'getUsage'
  | 'getConfidence'
  | 'getOverrides'
  | 'getCoverage'
  | 'getCompleteness'
  | 'getEmitters'
  | 'getEmitterProof'
  | 'getSystems'
  | 'postSql'
  | 'getCheckpoint'
  | 'getTile'
  | 'getVkey'
  | 'getLedgerStatus'
  | 'getHealth'
  | 'getReadiness'
  | 'getMetrics'
  | 'getOpenApi'
  | 'getSession'
  | 'beginSession'
  | 'endSession'
  | 'listKeys'
  | 'makeKey'
  | 'rotateKey'
  | 'revokeKey'
  | 'getPolicy'
  | 'putPolicy'
  | 'listAccess'
  | 'getDecisionAccess'
  | 'getSubjectAccess'
  | 'listLedgers'
  | 'createLedger'
  | 'archiveLedger'
  | 'getSettings'
  | 'eraseSubject'
  | 'listErasures'
  | 'getErasure'
  | 'approveErasure'
  | 'receiveRequest'
  | 'listRequests'
  | 'getRequest'
  | 'checkRequestIdentity'
  | 'extendRequest'
  | 'answerRequest'
  | 'refuseRequest'
  | 'getSubject'
  | 'listSubjectDecisions'
  | 'exportSubject'
  | 'rectifySubject'
  | 'restrictSubject'
  | 'mergeSubjects'
  | 'splitSubjects'
  | 'placeHold'
  | 'listHolds'
  | 'getHold'
  | 'reviewHold'
  | 'releaseHold'
  | 'getPrivacy'
  | 'putPrivacy'
  | 'getTiers'
  | 'restoreTiers'
  | 'releaseTiers'
  | 'getRetention'
  | 'putRetention'
  | 'planRetention'
  | 'listRetentionRuns'
  | 'runRetention'
  | 'getStorage'
  | 'getStorageCost'
  | 'getFields'
  | 'previewFields'
  | 'listModels'
  | 'getModel'
  | 'getModelGate'
  | 'listDatasets'
  | 'getLineage'
  | 'getDecisionLineage'
  | 'assess'
