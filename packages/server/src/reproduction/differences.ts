/** Where what a replay gave differs from what was recorded. */
import { escapeToken, isObject, type JsonObject, type JsonValue } from '@deponent/format'
import { coverOf } from './missing.ts'

/** How far two numbers may lie apart and still count as equal: within either of the two. */
export interface Tolerance {
  readonly absolute: number
  /** As a part of the larger of the two. */
  readonly relative: number
}

export const EXACT: Tolerance = { absolute: 0, relative: 0 }

export interface Difference {
  /** JSON pointer into the decision. */
  readonly path: string
  /** Absent where nothing was recorded. */
  readonly recorded?: JsonValue
  /** Absent where the replay gave nothing. */
  readonly replayed?: JsonValue
}

/** Of outputs that have hardly anything in common so many differences are told. */
const DIFFERENCES_MAX = 100

/**
 * Differences of two values, in the order of what was recorded. Texts, booleans and nulls are equal or not; what is covered for the
 * reader is not compared.
 */
export function differencesOf(
  recorded: JsonValue | undefined,
  replayed: JsonValue | undefined,
  tolerance: Tolerance,
  path = '',
): Difference[] {
  return [...differing(recorded, replayed, tolerance, path)].slice(0, DIFFERENCES_MAX)
}

function* differing(
  recorded: JsonValue | undefined,
  replayed: JsonValue | undefined,
  tolerance: Tolerance,
  path: string,
): Generator<Difference> {
  if (coverOf(recorded)) return
  if (Array.isArray(recorded) && Array.isArray(replayed)) {
    for (let i = 0; i < Math.max(recorded.length, replayed.length); i += 1)
      yield* differing(recorded[i], replayed[i], tolerance, `${path}/${i}`)
  } else if (isObject(recorded) && isObject(replayed)) {
    for (const name of namesOf(recorded, replayed))
      yield* differing(recorded[name], replayed[name], tolerance, `${path}/${escapeToken(name)}`)
  } else if (!isEqual(recorded, replayed, tolerance)) {
    yield {
      path,
      ...(recorded !== undefined && { recorded }),
      ...(replayed !== undefined && { replayed }),
    }
  }
}

function namesOf(recorded: JsonObject, replayed: JsonObject): Set<string> {
  return new Set([...Object.keys(recorded), ...Object.keys(replayed)])
}

function isEqual(
  recorded: JsonValue | undefined,
  replayed: JsonValue | undefined,
  { absolute, relative }: Tolerance,
): boolean {
  if (typeof recorded !== 'number' || typeof replayed !== 'number') return recorded === replayed
  const apart = Math.abs(recorded - replayed)
  return apart <= absolute || apart <= relative * Math.max(Math.abs(recorded), Math.abs(replayed))
}
