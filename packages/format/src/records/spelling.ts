/** `timeToFirstTokenMs` → `time_to_first_token_ms`: the other spelling every field name has. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** A word of a choice without regard to case and separators: `Part-Of`, `part_of` and `partOf` are one. */
export function foldedWord(word: string): string {
  return word.trim().toLowerCase().replace(/[-_ ]/g, '')
}
