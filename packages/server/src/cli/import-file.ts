/** What an import reads: a file, standard input, or what a service answers. */
import type { Container } from '../ingest/opened.ts'
import type { RowReading } from '../ingest/source-row.ts'

export interface ImportFile {
  /** Its name without the directories above it, `-` for standard input, the host of a service. */
  readonly name: string
  readonly container: Container
  readonly rows: AsyncGenerator<RowReading>
  /** SHA-256 of its bytes as they lay there, 64 hex digits; of what was read of them. */
  digest(): string
}
