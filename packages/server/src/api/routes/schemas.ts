/** Shapes that several routes share. */
import { z } from 'zod'

export const count = z.int().nonnegative()
export const anyRecord = z.looseObject({})
export const items = z.object({ items: z.array(anyRecord) })
export const page = z.object({
  items: z.array(anyRecord),
  next: z.string().nullable(),
  asOf: z.object({ size: count }),
  /** Time whose decisions are left out. */
  archived: z.array(z.object({ from: z.string(), to: z.string(), decisions: count.optional() })).optional(),
})
/** Which page of a list. */
export const paging = z.object({ limit: z.int().min(1).max(1_000), cursor: z.string() }).partial()
export const systemQuery = z.object({ system: z.string().optional() })
/** A point in time with its offset (RFC 3339). */
export const moment = z.iso.datetime({ offset: true })
/** Words of a person: a reason, an answer. */
export const words = z.string().min(1).max(4_000)
