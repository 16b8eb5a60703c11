/**
 * Where in records a field lies that somebody names as it is sent: in either spelling, under an alias, inside a block. A name may stand
 * for different fields in different kinds, so that there may be several such places.
 */
import { pointerOf } from '../json/pointer.ts'
import type { FieldType } from './fields.ts'
import type { Kind } from './kind.ts'
import { KINDS, kindOf } from './kinds/index.ts'

type Tokens = readonly string[]

const SHAPES: readonly Kind[] = [...new Set(KINDS.map((kind) => kindOf(kind)))]

/** First names that stand for anything in any kind. */
const NAMES: ReadonlySet<string> = new Set(SHAPES.flatMap(({ names }) => [...names.keys()]))

/** Types of fields inside which names have two spellings, by field. */
const TYPES: ReadonlyMap<string, readonly FieldType[]> = typesByField()

/**
 * The places, as tokens of a pointer into a canonical record, of what is sent at `sent`; `*` in it stays. A name we do not know is its
 * own place, although such a field is kept under `/metadata`. `all`: of a block (`model`) the places of its members too.
 */
export function placesOf(sent: Tokens, all = false): Tokens[] {
  const [first, ...rest] = sent
  if (first === undefined || !NAMES.has(first)) return [sent]
  const places = SHAPES.flatMap((kind) => placesIn(kind, first, rest, all))
  return distinct(places.length === 0 ? [sent] : places)
}

/** The other places of what stands at this one in a record: a member that lost against its better spelling stays as it was sent. */
export function samePlaces(place: Tokens): Tokens[] {
  const [field, ...rest] = place
  if (field === undefined || rest.length === 0) return []
  const types = TYPES.get(field) ?? []
  const others = types.map((type) => [field, ...inside(type, rest)])
  const own = pointerOf(place)
  return distinct(others).filter((other) => pointerOf(other) !== own)
}

function placesIn({ names, fields }: Kind, first: string, rest: Tokens, all: boolean): Tokens[] {
  const target = names.get(first)
  if (target === undefined) return []
  const places: Tokens[] = []
  const own = target.field && fields[target.field.slot]!
  if (own !== undefined) places.push([own.name, ...inside(own.type, rest)])
  if (target.block === undefined) return places
  const [member, ...below] = rest
  if (member === undefined) {
    if (own === undefined) places.push([first])
    if (all && own?.name !== first)
      for (const { slot } of target.block.values()) places.push([fields[slot]!.name])
    return places
  }
  const spelling = target.block.get(member)
  const field = spelling && fields[spelling.slot]!
  // What a block has besides is kept in a block of that name.
  places.push(field === undefined ? [first, ...rest] : [field.name, ...inside(field.type, below)])
  return places
}

function inside(type: FieldType, tokens: Tokens): Tokens {
  const [first, ...rest] = tokens
  if (first === undefined) return []
  const known = type.inside?.(first)
  if (known === undefined) return tokens
  return [known.name, ...inside(known.type, known.isAdded ? tokens : rest)]
}

function typesByField(): Map<string, FieldType[]> {
  const types = new Map<string, FieldType[]>()
  for (const { fields } of SHAPES)
    for (const { name, type } of fields)
      if (type.inside !== undefined) types.set(name, [...(types.get(name) ?? []), type])
  return types
}

function distinct(places: readonly Tokens[]): Tokens[] {
  return [...new Map(places.map((place) => [pointerOf(place), place])).values()]
}
