/** The labelled texts of test/fixtures/personal-data, and how well the detectors do on them. */
import { readFileSync } from 'node:fs'
import { detect, type DetectorName } from '../../packages/format/src/detect/detect.ts'

export interface LabelledText {
  readonly label: string
  readonly language: string
  readonly text: string
}

/** Recall and precision of one kind of finding; `found` and `missed` add up to what there is. */
export interface Score {
  readonly label: string
  readonly texts: number
  readonly found: number
  readonly wrong: number
  readonly recall: number
  readonly precision: number
}

export const NOT_LOOKED_FOR = ['person_name', 'postal_address']

export function corpus(): LabelledText[] {
  const file = new URL('../fixtures/personal-data/corpus.jsonl', import.meta.url)
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { parts, ...rest } = JSON.parse(line) as { label: string; language: string; parts: string[] }
      return { ...rest, text: parts.join('') }
    })
}

const SECRETS = new Set<DetectorName>(['jwt', 'private_key', 'bearer_token', 'url_credentials', 'api_key'])

/** The label of what a detector finds. */
export function labelOf(found: DetectorName | undefined): string {
  if (found === undefined) return 'none'
  if (SECRETS.has(found)) return 'secret'
  return found.replace(/^national_id\..*/, 'national_id').replace(/^ipv[46]$/, 'ip')
}

export function scores(texts: readonly LabelledText[]): Score[] {
  const judged = texts.map(({ label, text }) => ({ label, found: labelOf(detect(text)) }))
  const labels = [...new Set(judged.map(({ label }) => label))].filter((label) => label !== 'none')
  return labels.toSorted().map((label) => {
    const there = judged.filter((item) => item.label === label)
    const found = there.filter((item) => item.found === label).length
    const wrong = judged.filter((item) => item.found === label && item.label !== label).length
    return {
      label,
      texts: there.length,
      found,
      wrong,
      recall: found / there.length,
      precision: found + wrong === 0 ? Number.NaN : found / (found + wrong),
    }
  })
}
