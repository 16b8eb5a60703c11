/** What storing and asking is charged with, as a file of prices says it; none of them is known to us. */
import { z } from 'zod'
import { DECIMAL } from './decimal.ts'
import type { Tier } from './layer.ts'

/** A number or, for what JSON would write with an exponent, a text. */
const decimal = z.union([z.string(), z.number().transform(String)]).refine((text) => DECIMAL.test(text), {
  message: 'a decimal from 0, at most 12 digits before the point and 9 behind it, small ones as text',
})

const tierPrices = {
  hot: decimal.default('0'),
  warm: decimal.default('0'),
  cold: decimal.default('0'),
  offsite: decimal.default('0'),
} satisfies Record<Tier, z.ZodType>

export const pricesSchema = z.strictObject({
  /** Whose prices these are, and of when; printed beside every amount. */
  name: z.string().min(1).max(200),
  currency: z.string().regex(/^[A-Z]{3}$/, 'three letters, such as EUR'),
  /** What a gigabyte is to whoever sends the bill: 10⁹ bytes, or 2³⁰. */
  gigabyte: z.enum(['GB', 'GiB']).default('GB'),
  /** Of a gigabyte for a month. */
  storage: z.strictObject(tierPrices).prefault({}),
  requests: z
    .strictObject({
      putsPerMonth: decimal.default('0'),
      getsPerMonth: decimal.default('0'),
      perThousandPuts: decimal.default('0'),
      perThousandGets: decimal.default('0'),
    })
    .prefault({}),
  queries: z
    .strictObject({
      /** Of a month, whatever is asked. */
      perMonth: decimal.default('0'),
      terabytesScannedPerMonth: decimal.default('0'),
      perTerabyteScanned: decimal.default('0'),
    })
    .prefault({}),
  reporting: z
    .strictObject({ hoursPerMonth: decimal.default('0'), perHour: decimal.default('0') })
    .prefault({}),
})

export type Prices = z.infer<typeof pricesSchema>

/** The prices of the example that is reproduced in docs/cost.md: one price for every tier. They are nobody's price list. */
export const EXAMPLE_PRICES: Prices = pricesSchema.parse({
  name: 'prices of an example, of no vendor and no date',
  currency: 'USD',
  storage: { hot: 0.023, warm: 0.023, cold: 0.023, offsite: 0.023 },
  queries: { perMonth: 10 },
  reporting: { hoursPerMonth: 4, perHour: 150 },
})
