import type { ProjectionSource } from '../projection/index.ts'
import type { Tenant } from '../tenant.ts'

/** What the index reads; records it has asked past are in it and need not stay in memory. */
export function sourceOf({ reader, recent }: Pick<Tenant, 'reader' | 'recent'>): ProjectionSource {
  return {
    size: () => reader.size(),
    read: (from, to) => {
      recent.forgetBelow(from)
      return reader.read(from, to)
    },
  }
}
