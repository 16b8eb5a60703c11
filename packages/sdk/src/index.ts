/**
 * What an application imports to have its decisions recorded: `Deponent`. Web APIs only, so it runs on Node 20 and
 * later, Bun, Deno and in browsers.
 */
export { Deponent } from './client.ts'
export type { DeponentOptions } from './client.ts'
export type { AuditOptions } from './audit.ts'
export type { Decision, DecisionContext } from './decision.ts'
export type { Issue, LossReason, OnError, RecordFault } from './issue.ts'
export type { Receipt } from './receipts.ts'
export type { Stats } from './stats.ts'
