/**
 * What an application imports to have its decisions recorded: `deponent`. Web APIs only, so it runs on Node 20 and
 * later, Bun, Deno, at edges and in browsers; what a host offers beside them is used where it is there.
 */
export { deponent, Deponent } from './client.ts'
export type { DeponentOptions, SinkOptions, SpoolOptions } from './options.ts'
export { AIAuditLogger } from './ai-audit-logger.ts'
export type { LoggedDecision } from './ai-audit-logger.ts'
export type { AuditOptions } from './audit-options.ts'
export type { HandlerOptions } from './handler.ts'
export type { NodeHandlerOptions, NodeRequest, NodeResponse } from './node-handler.ts'
export type { Decision, DecisionContext } from './decision.ts'
export type { CapturedEnvironment, Environment, EnvironmentOptions } from './environment.ts'
export type { Issue, LossReason, OnError, RecordFault } from './issue.ts'
export type { Receipt } from './receipts.ts'
export type {
  Action,
  Dataset,
  DatasetVersion,
  EvaluationResult,
  Explanation,
  ModelEvent,
  Outcome,
  Query,
  Review,
  System,
  Transformation,
} from './records.ts'
export type { Stats } from './stats.ts'
