import { fromUtf8, readJson } from '@deponent/format'
import { type Prices, pricesSchema } from '../cost/prices.ts'
import { CommandError, EXIT } from './exit.ts'
import { inputBytes } from './file.ts'

/** The prices of a file, `-` for standard input; CommandError that names the member which is not as docs/cost.md says. */
export async function pricesIn(path: string): Promise<Prices> {
  const { value, faults } = readJson(fromUtf8(await inputBytes(path)))
  if (faults[0]) throw new CommandError(EXIT.usage, `${path}: ${faults[0].message}`)
  const parsed = pricesSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new CommandError(EXIT.usage, `${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
}
