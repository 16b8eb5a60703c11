// Takes out of the index what the profile of a decision's completeness says of its risk tier and consequence level: where these are
// sealed it is measured by what is open, as it is for later records (rows.ts).

import { PROFILE_OF_RANK, PROFILES, RANK_OF_CONSEQUENCE, RANK_OF_TIER } from '@deponent/format'
import { UNITS_PER_ONE } from './values.ts'

const texts = (values: readonly string[]): string => `[${values.map((value) => `'${value}'`).join(', ')}]`

/** By rank, the fields a profile asks for. What a heavier profile finds missing of these a lighter one does too. */
const ASKED = `[${PROFILE_OF_RANK.map((name) => texts(PROFILES.get(name)!.map(([field]) => field!))).join(', ')}]`
const ASKED_COUNT = `[${PROFILE_OF_RANK.map((name) => PROFILES.get(name)!.length).join(', ')}]`

/** The columns and what they become in decisions whose tier is sealed below the one index, whose consequence level below the other. */
export function profileSealed(tierBelow: string, consequenceBelow: string): Record<string, string> {
  const rank = `greatest(${open('riskTier', RANK_OF_TIER, tierBelow)}, ${open('consequenceLevel', RANK_OF_CONSEQUENCE, consequenceBelow)}) + 1`
  const left = `arrayFilter(field -> has(${ASKED}[${rank}], field), splitByChar(',', missing))`
  return {
    profile: `${texts(PROFILE_OF_RANK)}[${rank}]`,
    missing: `arrayStringConcat(${left}, ',')`,
    completeness: `toUInt16(floor((1 - length(${left}) / ${ASKED_COUNT}[${rank}]) * ${UNITS_PER_ONE} + 0.5))`,
  }
}

function open(column: string, ranks: ReadonlyMap<unknown, number>, below: string): string {
  const words = texts([...ranks.keys()].map(String))
  return `if(index < ${below}, 0, transform(toString(${column}), ${words}, [${[...ranks.values()].join(', ')}], 0))`
}
