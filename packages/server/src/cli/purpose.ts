/** The header that states a purpose; none where none is stated. A header carries ASCII: other words go percent-encoded. */
export function purposeHeader(purpose: string | undefined): Record<string, string> {
  if (purpose === undefined) return {}
  const isPlain = /^[\x20-\x7e]*$/.test(purpose)
  return { 'Deponent-Purpose': isPlain ? purpose : `UTF-8''${encodeURIComponent(purpose)}` }
}
