export const PURPOSE_CHARACTERS_MAX = 500

/** A purpose as a header carries it: as it is when it is plain ASCII, otherwise as `UTF-8''` and percent-encoded UTF-8. */
export function purposeHeader(purpose: string): string {
  const isPlain = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(purpose) && !/^utf-8''/i.test(purpose)
  return isPlain ? purpose : `UTF-8''${encodeURIComponent(purpose)}`
}
