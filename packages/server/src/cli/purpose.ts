/** Headers that carry words. They carry ASCII: other words go percent-encoded. */

/** The header that states a purpose; none where none is stated. */
export function purposeHeader(purpose: string | undefined): Record<string, string> {
  return purpose === undefined ? {} : { 'Deponent-Purpose': encoded(purpose) }
}

/** The header that says to whom outside something goes; none where nobody is named. */
export function recipientHeader(recipient: string | undefined): Record<string, string> {
  return recipient === undefined ? {} : { 'Deponent-Recipient': encoded(recipient) }
}

function encoded(words: string): string {
  return /^[\x20-\x7e]*$/.test(words) ? words : `UTF-8''${encodeURIComponent(words)}`
}
