/** Words about people that several views say. */

const RESTRICTED: Readonly<Record<string, string>> = {
  restriction: 'a restriction was recorded (Art. 18)',
  objection: 'an objection is weighed, or was upheld (Art. 21)',
  rectification: 'something recorded was corrected (Art. 16)',
  erasure_waits: 'an erasure waits for a hold',
}

/** Why processing is restricted. */
export function restrictionText(reasons: readonly string[]): string {
  return reasons.map((reason) => RESTRICTED[reason] ?? reason.replaceAll('_', ' ')).join('; ')
}

/** A handle as short as it can be told apart on one page. */
export function shortHandle(handle: string): string {
  return `${handle.slice(0, 8)}…`
}
