/*
 * A record that is too large for the ledger is kept with its longest texts cut, and says so: all of it would be refused.
 */

/** A record has at most 256 KiB; the server writes into it what it did with it. */
const BYTES_MAX = 240 * 1024
/** No character takes more bytes of UTF-8. */
const BYTES_A_CHARACTER_MAX = 3
/** Shorter texts are left alone. */
const TEXT_CHARACTERS_MIN = 256
/** Cuts that are named one by one; those beyond are counted. */
const NAMED_MAX = 100

interface LongText {
  readonly path: string
  readonly text: string
  /** Bytes its characters take in JSON, on average. */
  readonly bytesEach: number
  replace(shorter: string): void
}

/** The JSON of a record as it fits: the same text mostly. What was cut stands in `metadata.cut` with its length before. */
export function fitting(text: string): string {
  if (text.length * BYTES_A_CHARACTER_MAX <= BYTES_MAX) return text
  const excess = bytesOf(text) - BYTES_MAX
  if (excess <= 0) return text
  const record = JSON.parse(text) as Record<string, unknown>
  const metadata = metadataOf(record)
  const texts = longTexts(record, '')
  let kept = charactersKept(texts, excess)
  for (;;) {
    const cut = texts.filter((one) => one.text.length > kept)
    for (const { text: whole, replace } of cut) replace(`${beginning(whole, kept)}…`)
    if (cut.length > 0) record['metadata'] = { ...metadata, cut: toldOf(cut) }
    const fit = JSON.stringify(record)
    // What takes more bytes than the rest of a text may all stand at its beginning.
    if (kept <= TEXT_CHARACTERS_MIN || bytesOf(fit) <= BYTES_MAX) return fit
    kept = Math.max(TEXT_CHARACTERS_MIN, Math.floor(kept * 0.8))
  }
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length
}

/** Texts of more than a few characters, with where they stand. */
function longTexts(value: object, path: string): LongText[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]): LongText[] => {
    const at = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (typeof inner === 'string')
      return inner.length <= TEXT_CHARACTERS_MIN
        ? []
        : [
            {
              path: at,
              text: inner,
              bytesEach: bytesOf(JSON.stringify(inner)) / inner.length,
              replace: (shorter) => void ((value as Record<string, unknown>)[name] = shorter),
            },
          ]
    return typeof inner === 'object' && inner !== null ? longTexts(inner, at) : []
  })
}

/** To how many characters every longer text is cut, so that so many bytes go; room for telling of it is left. */
function charactersKept(texts: readonly LongText[], excess: number): number {
  const wanted = excess + NAMED_MAX * 64
  let [least, most] = [TEXT_CHARACTERS_MIN, Math.max(0, ...texts.map(({ text }) => text.length))]
  while (most - least > 64) {
    const middle = Math.floor((least + most) / 2)
    const freed = texts.reduce(
      (sum, { text, bytesEach }) => sum + bytesEach * Math.max(0, text.length - middle),
      0,
    )
    if (freed >= wanted) least = middle
    else most = middle
  }
  return least
}

/** Not between the halves of a character outside the basic plane. */
function beginning(text: string, characters: number): string {
  const isSplit = (text.codePointAt(characters - 1) ?? 0) > 0xffff
  return text.slice(0, isSplit ? characters - 1 : characters)
}

function metadataOf({ metadata }: Record<string, unknown>): object {
  if (metadata === undefined || metadata === null) return {}
  return typeof metadata === 'object' && !Array.isArray(metadata) ? metadata : { given: metadata }
}

function toldOf(cut: readonly LongText[]): object {
  const named = cut.slice(0, NAMED_MAX).map(({ path, text }) => ({ path, characters: text.length }))
  return cut.length > named.length ? { texts: named, more: cut.length - named.length } : { texts: named }
}
