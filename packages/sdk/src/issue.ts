/** Why the server refused one record: `path` is a JSON pointer into it. */
export interface RecordFault {
  code: string
  path: string
  message: string
}

/** What went wrong, told to `onError`. Nothing is ever thrown at the application instead. */
export type Issue =
  /** The server judged this record and will not keep it; it is not sent again. */
  | { code: 'rejected'; decisionId: string; faults: RecordFault[] }
  /** Records that will never be sent. They were counted, and this is the declaration of that loss. */
  | { code: 'lost'; reason: LossReason; count: number; message: string }
  /** The server could not be reached or did not take a batch; it is kept and sent again in `retryInMs`. */
  | { code: 'unreachable'; status?: number; message: string; retryInMs: number }
  /** The server shows a ledger that is not the one it showed before: shorter, or another. Keep what it signed. */
  | { code: 'contradiction'; message: string; before: string; now: string }
  /** A function of the options (`input`, `output`, `describe`, `explain`, …) threw; the record is sent without what it should give. */
  | { code: 'capture_failed'; message: string }
  /** Something that was asked for does not exist on this host, or cannot be used. */
  | { code: 'unavailable'; message: string }

/**
 * - `queue_full` recorded faster than the server took, or while it was away
 * - `unserialisable` no JSON could be made of the record
 * - `closed` recorded after `close`, or still waiting when its time was up
 * - `refused` the server cannot read the request it is in, however it is cut
 * - `spool_expired` waited on the disk for longer than it may
 * - `spool_damaged` what lay on the disk cannot be read any more
 * - `redacted` `redact` gave nothing back
 * - `redaction_failed` `redact` threw
 */
export type LossReason =
  | 'queue_full'
  | 'unserialisable'
  | 'closed'
  | 'refused'
  | 'spool_expired'
  | 'spool_damaged'
  | 'redacted'
  | 'redaction_failed'

export type OnError = (issue: Issue) => void

/** One line on the console: losing evidence in silence is not a default. */
export function warn(issue: Issue): void {
  // oxlint-disable-next-line no-console -- the host gave no `onError`, and this is the only place it looks
  console.warn(`deponent: ${lineOf(issue)}`)
}

function lineOf(issue: Issue): string {
  switch (issue.code) {
    case 'rejected':
      return `decision ${issue.decisionId} was rejected: ${issue.faults.map(({ code, path }) => `${code} ${path}`).join(', ')}`
    case 'lost':
      return `${issue.count} decision(s) lost (${issue.reason}): ${issue.message}`
    case 'unreachable':
      return `${issue.message}; trying again in ${issue.retryInMs} ms`
    case 'contradiction':
    case 'unavailable':
      return issue.message
    case 'capture_failed':
      return `capture failed: ${issue.message}`
  }
}
