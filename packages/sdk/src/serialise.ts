/**
 * JSON text of anything a program may hold, taken at once: what happens to the value later does not change the record.
 *
 * Unlike `JSON.stringify` nothing turns into null or disappears unsaid: NaN, infinities and bigints become their text,
 * functions and symbols their name in brackets, errors their name and message, maps and sets their members, raw bytes
 * their number. Cycles, members that throw and levels below 64 become a word in brackets. Members that are undefined
 * stay absent, dates are ISO 8601, and what has a `toJSON` is what that says.
 *
 * @throws when not even the names of an object's members can be read
 */
export function serialise(value: unknown): string {
  try {
    // Most records hold nothing that needs words, and to look costs less than a replacer does.
    if (isPlain(value, { left: PLAIN_VALUES_MAX })) return JSON.stringify(value) ?? '"[undefined]"'
    return JSON.stringify(value, spoken) ?? '"[undefined]"'
  } catch {
    // A cycle, or a getter or toJSON that throws: walk it ourselves and keep what can be read.
    return JSON.stringify(readable(value, []))
  }
}

const DEPTH_MAX = 64
/** Values that are looked at before a replacer does it; a cycle ends there too. */
const PLAIN_VALUES_MAX = 5_000

/** Whether JSON says all of a value as it is. */
function isPlain(value: unknown, budget: { left: number }): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object')
    return typeof value === 'string' || typeof value === 'boolean' || value === undefined
  if (value === null) return true
  budget.left -= 1
  if (budget.left < 0) return false
  if (Array.isArray(value)) return value.every((item) => isPlain(item, budget))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const name in value) if (!isPlain((value as Record<string, unknown>)[name], budget)) return false
  return true
}

/** What JSON would drop or turn into null, said in words. */
function spoken(_key: string, value: unknown): unknown {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'bigint':
      return value.toString()
    case 'function':
      return `[function ${value.name || 'anonymous'}]`
    case 'symbol':
      return `[${String(value)}]`
    case 'object':
      return value === null || Array.isArray(value) ? value : spokenObject(value)
    default:
      return value
  }
}

function spokenObject(value: object): unknown {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return value
  if (value instanceof Error) return { name: value.name, message: value.message }
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)]
  if (value instanceof Set) return [...(value as Set<unknown>)]
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  return value
}

function readable(value: unknown, parents: readonly object[]): unknown {
  const said = spoken('', value)
  if (typeof said !== 'object' || said === null) return said
  if (parents.includes(said)) return '[circular]'
  if (parents.length >= DEPTH_MAX) return '[too deep]'
  const inside = [...parents, said]
  const toJson = attempt(() =>
    'toJSON' in said && typeof said.toJSON === 'function' ? said.toJSON : undefined,
  )
  if (typeof toJson === 'function')
    return readable(
      attempt(() => (toJson as () => unknown).call(said)),
      inside,
    )
  if (Array.isArray(said)) return said.map((item: unknown) => readable(item, inside) ?? null)
  return Object.fromEntries(
    Object.keys(said).map((name) => [
      name,
      readable(
        attempt(() => (said as Record<string, unknown>)[name]),
        inside,
      ),
    ]),
  )
}

function attempt(read: () => unknown): unknown {
  try {
    return read()
  } catch {
    return '[unreadable]'
  }
}

/** The text of an object with one more member, whose own text is known already. */
export function withMember(objectText: string, name: string, valueText: string): string {
  const separator = objectText === '{}' ? '' : ','
  return `${objectText.slice(0, -1)}${separator}${JSON.stringify(name)}:${valueText}}`
}
