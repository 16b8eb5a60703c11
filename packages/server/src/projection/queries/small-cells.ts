// Which groups of an answer are too small to be shown, and which others must not be shown either, lest the small ones be
// found by subtraction.
//
// What is kept: from the shown groups of a table, and from every table the same caller gets by asking with fewer
// dimensions and the same filters, the count of no group that is not shown follows, even for somebody who knows which
// groups there are, as long as any group is shown. A group that is not shown stands together with at least one other and with at least `least`
// decisions.
//
// What is not kept, and cannot be by looking at one table at a time:
// - a table of which nothing is shown, against its smaller tables taken together: three tables of two dimensions can
//   determine one of three though none of them holds a small group, and somebody who knows that a model runs in one
//   system only finds its group in the sums of the system;
// - questions whose filters overlap (all of March, then all but the 3rd): their answers can be subtracted;
// - the same question before and after one more decision was recorded;
// - somebody who knows counts from elsewhere, or that a group and another are the same people;
// - tables with other dimensions beside each other (system by model, then system by day) beyond what they share;
// - ranges: that a count lies between two numbers can follow, only not which one it is.

/** A group: one value for each dimension, and how many decisions it holds, at least one. */
export interface CountedGroup {
  readonly key: readonly string[]
  readonly count: number
}

/** Beyond so many hidden groups of a table with several dimensions the proof costs too much: nothing is shown then. */
const HIDDEN_MAX = 128

/** Positions of the groups that must not be shown. */
export function hiddenGroups(groups: readonly CountedGroup[], least: number): ReadonlySet<number> {
  return new SmallCells(groups, least).hide()
}

/** The groups of a table that belong to one group of a table with fewer dimensions. */
interface Slab {
  /** Positions, the smallest group first. */
  readonly members: readonly number[]
  /** Whether the smaller table shows how many decisions they hold together. */
  readonly known: boolean
}

class SmallCells {
  readonly #groups: readonly CountedGroup[]
  readonly #least: number
  readonly #hidden = new Set<number>()
  /** Every position, the smallest group first; equal ones by their key, so that one table has one answer. */
  readonly #ascending: readonly number[]

  constructor(groups: readonly CountedGroup[], least: number) {
    this.#groups = groups
    this.#least = least
    const keys = groups.map(({ key }) => JSON.stringify(key))
    this.#ascending = groups
      .map((_, i) => i)
      .toSorted((a, b) => this.#count(a) - this.#count(b) || (keys[a]! < keys[b]! ? -1 : 1))
  }

  hide(): ReadonlySet<number> {
    if (this.#total(this.#ascending) < this.#least) return this.#hideAll()
    for (const i of this.#ascending) if (this.#count(i) < this.#least) this.#hidden.add(i)
    if (this.#hidden.size === 0) return this.#hidden
    const slabs = this.#slabs()
    this.#settle(slabs)
    for (let further = 1; this.#isDetermined(slabs); further *= 2) {
      if (this.#hidden.size > HIDDEN_MAX) return this.#hideAll()
      for (const i of this.#shown(this.#ascending).slice(0, further)) this.#hidden.add(i)
      this.#settle(slabs)
    }
    return this.#hidden
  }

  #count(i: number): number {
    return this.#groups[i]!.count
  }

  #total(members: readonly number[]): number {
    return members.reduce((total, i) => total + this.#count(i), 0)
  }

  #shown(members: readonly number[]): number[] {
    return members.filter((i) => !this.#hidden.has(i))
  }

  #hideAll(): ReadonlySet<number> {
    for (const i of this.#ascending) this.#hidden.add(i)
    return this.#hidden
  }

  /** Lines, planes and so on up to the whole table, with what the tables of fewer dimensions show of them. */
  #slabs(): Slab[] {
    const dimensions = this.#groups[0]!.key.length
    const slabs: Slab[] = []
    for (let kept = 0; kept < 2 ** dimensions - 1; kept++) {
      const members = new Map<string, number[]>()
      for (const i of this.#ascending) {
        const key = JSON.stringify(this.#keyOf(i, kept))
        const known = members.get(key)
        if (known) known.push(i)
        else members.set(key, [i])
      }
      slabs.push(...this.#asSlabs([...members.values()], kept))
    }
    return slabs
  }

  /** The values of the dimensions whose bits are set. */
  #keyOf(i: number, kept: number): string[] {
    return this.#groups[i]!.key.filter((_, dimension) => (kept >> dimension) % 2 === 1)
  }

  #asSlabs(parts: readonly number[][], kept: number): Slab[] {
    const sums = parts.map((members) => ({
      key: this.#keyOf(members[0]!, kept),
      count: this.#total(members),
    }))
    const hidden = hiddenGroups(sums, this.#least)
    return parts.map((members, i) => ({ members, known: !hidden.has(i) }))
  }

  /** Hides until no slab has too little hidden in it. */
  #settle(slabs: readonly Slab[]): void {
    for (let before = -1; before < this.#hidden.size;) {
      before = this.#hidden.size
      for (const slab of slabs) this.#settleSlab(slab)
    }
  }

  #settleSlab({ members, known }: Slab): void {
    const hidden = members.filter((i) => this.#hidden.has(i))
    // The sum of what is shown would be what the smaller table hides.
    if (hidden.length === 0 && known) return
    let sum = this.#total(hidden)
    let size = hidden.length
    for (const i of this.#shown(members)) {
      // Of as many decisions as groups everybody knows that it is one for each.
      if (size >= 2 && sum >= this.#least && sum > size) return
      this.#hidden.add(i)
      sum += this.#count(i)
      size += 1
    }
  }

  /** Whether some hidden count, of this table or of a smaller one, follows from what is shown. */
  #isDetermined(slabs: readonly Slab[]): boolean {
    const dimensions = this.#groups[0]!.key.length
    // With one dimension there is one equation, and `settle` left at least two unknowns in it, or hid everything.
    if (dimensions < 2 || this.#hidden.size === this.#groups.length) return false
    if (this.#hidden.size > HIDDEN_MAX) return true
    const unknowns = [...this.#hidden]
    const column = new Map(unknowns.map((i, at) => [i, at]))
    const vector = (members: readonly number[]): number[] => {
      const cells = unknowns.map(() => 0)
      for (const i of members) if (column.has(i)) cells[column.get(i)!] = 1
      return cells
    }
    const equations = new Equations()
    for (const { members, known } of slabs) if (known) equations.add(vector(members))
    const secrets = slabs.filter(({ known }) => !known).map(({ members }) => vector(members))
    return [...unknowns.map((i) => vector([i])), ...secrets].some((secret) => equations.imply(secret))
  }
}

/** The largest prime whose square a double still holds exactly, give or take: sums are followed modulo it. */
const PRIME = 67_108_859

/** Sums of unknowns that are known, in reduced form: which other sums follow from them. */
class Equations {
  /** By the unknown each begins with. */
  readonly #rows = new Map<number, number[]>()

  add(sum: readonly number[]): void {
    const rest = this.#reduce(sum)
    const first = rest.findIndex((value) => value !== 0)
    if (first < 0) return
    const inverse = inverseOf(rest[first]!)
    this.#rows.set(
      first,
      rest.map((value) => (value * inverse) % PRIME),
    )
  }

  /** Whether the sum is a combination of known ones. */
  imply(sum: readonly number[]): boolean {
    return this.#reduce(sum).every((value) => value === 0)
  }

  #reduce(sum: readonly number[]): number[] {
    const rest = [...sum]
    for (let at = 0; at < rest.length; at++) {
      const row = rest[at] === 0 ? undefined : this.#rows.get(at)
      if (!row) continue
      const factor = PRIME - rest[at]!
      for (let i = at; i < rest.length; i++) rest[i] = (rest[i]! + factor * row[i]!) % PRIME
    }
    return rest
  }
}

/** By Fermat: value^(p-2). */
function inverseOf(value: number): number {
  let result = 1
  let power = value
  for (let exponent = PRIME - 2; exponent > 0; exponent = Math.floor(exponent / 2)) {
    if (exponent % 2 === 1) result = (result * power) % PRIME
    power = (power * power) % PRIME
  }
  return result
}
