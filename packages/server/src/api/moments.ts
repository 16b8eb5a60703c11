/** The members named here, which are RFC 3339 texts where they are given, as ms since the epoch. */
export function momentsOf<T extends object, Name extends keyof T>(
  value: T,
  names: readonly Name[],
): Omit<T, Name> & { [Member in Name]?: number } {
  const { ...rest } = value
  const moments: { [Member in Name]?: number } = {}
  for (const name of names) {
    const text = rest[name]
    delete rest[name]
    if (typeof text === 'string') moments[name] = Date.parse(text)
  }
  return { ...rest, ...moments }
}
