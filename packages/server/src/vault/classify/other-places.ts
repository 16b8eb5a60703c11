/** Under which other pointers something might have been declared that stands at one in a record. */
import { placesOf, samePlaces, tokensOf } from '@deponent/format'

type Tokens = readonly string[]

/** Where a record keeps what is in none of its fields. */
const ASIDE = 'metadata'

/** The places, as tokens, that what stands at this one was meant for: of what is kept aside, by the name it was sent under. */
export function otherPlaces(place: Tokens): readonly Tokens[] {
  const [top, name, ...rest] = place
  if (top !== ASIDE) return samePlaces(place)
  return name === undefined ? [] : placesOf([...sentAs(name), ...rest])
}

/** Whose name was taken there already is kept under the pointer it was sent at, with more slashes in front where that was taken too. */
function sentAs(name: string): Tokens {
  return name.startsWith('/') ? tokensOf(`/${name.replace(/^\/+/, '')}`) : [name]
}
