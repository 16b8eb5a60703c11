import type { JsonObject } from '@deponent/format'
import type { ReplayPackage, Surroundings } from '../../packages/server/src/reproduction/replay-package.ts'
import { replayPackage } from '../../packages/server/src/reproduction/replay-package.ts'

let made = 0

/** The package of a decision with these fields beside a model. */
export function packageOf(
  record: JsonObject,
  surroundings: Surroundings = {},
  erasedFields = 0,
): ReplayPackage {
  made += 1
  return replayPackage(
    {
      id: `01970000-0000-7000-8000-${String(made).padStart(12, '0')}`,
      kind: 'decision',
      index: made,
      ledger: 'default',
      at: '2026-01-10T00:00:00.000Z',
      system: 'credit',
      record: { decisionId: `loan-${made}`, modelId: 'risk', modelVersion: '1', ...record },
      ...(erasedFields > 0 && { erasedFields }),
    },
    surroundings,
  )
}
