/** Features that are the label under another name: equal to it in every record that has them. */
import { canonicalJson, type JsonValue } from '@deponent/format'

/** Fewer records say nothing: two flags agree by chance. */
const RECORDS_MIN = 20
/** Names beyond that many are not looked at. */
const FEATURES_MAX = 1_000

/** Counts over a set of labelled records, however many, in memory that does not grow with them. */
export class MirroredFeatures {
  readonly #counts = new Map<string, { seen: number; differs: boolean; first: string; varies: boolean }>()

  add(features: Readonly<Record<string, JsonValue>>, label: JsonValue): void {
    const value = canonicalJson(label)
    for (const [name, feature] of Object.entries(features)) {
      const known = this.#counts.get(name)
      if (!known && this.#counts.size >= FEATURES_MAX) continue
      const count = known ?? { seen: 0, differs: false, first: value, varies: false }
      count.seen += 1
      count.differs ||= canonicalJson(feature) !== value
      count.varies ||= value !== count.first
      this.#counts.set(name, count)
    }
  }

  /** Their names; a label that never varies is mirrored by any constant, and tells of none. */
  names(): string[] {
    return [...this.#counts]
      .filter(([, { seen, differs, varies }]) => seen >= RECORDS_MIN && !differs && varies)
      .map(([name]) => name)
      .toSorted()
  }
}
