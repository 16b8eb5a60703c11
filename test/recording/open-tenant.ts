import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readJson, type RecordKind } from '@deponent/format'
import { openDirectory } from '../../packages/server/src/directory.ts'
import { type Clock, realClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { LocalIntake } from '../../packages/server/src/recording/intake.ts'
import type { Submission } from '../../packages/server/src/recording/submission.ts'
import { openTenant, type Tenant } from '../../packages/server/src/tenant.ts'

export interface Place {
  data: string
  signer: string
}

export async function newPlace(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'deponent-'))
  return { data: join(root, 'data'), signer: join(root, 'signer') }
}

/** One life of the recording half of a server on a place; `close` ends it in order. */
export async function openRecording(
  place: Place,
  clock: Clock = realClock,
  fileSizes?: Parameters<typeof openTenant>[0]['fileSizes'],
  classification?: Parameters<typeof openTenant>[0]['classification'],
): Promise<{ tenant: Tenant; close(): Promise<void> }> {
  const directory = await openDirectory(realDisk, realRandom, place.data)
  const tenant = await openTenant({
    disk: realDisk,
    clock,
    random: realRandom,
    directory,
    ledgerName: 'default',
    signerDirectory: place.signer,
    acceptHead: false,
    intake: (start) => new LocalIntake(start, realRandom),
    onStop: () => undefined,
    ...(fileSizes && { fileSizes }),
    ...(classification && { classification }),
  })
  return {
    tenant,
    close: async () => {
      await tenant.close()
      await directory.release()
    },
  }
}

export function submission(value: unknown, position = 0, kind: RecordKind = 'decision'): Submission {
  return { position, kind, reading: readJson(JSON.stringify(value)) }
}

export function loan(i: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    decisionId: `loan-${i}`,
    modelId: 'scorer',
    modelVersion: '1',
    prediction: i % 3 === 0 ? 'high' : 'low',
    confidence: 0.7,
    affectedUserId: `person-${i % 11}`,
    timestamp: '2026-01-10T00:00:00.000Z',
    inputFeatures: { age: 20 + (i % 50), race: 'Other' },
    messages: [{ role: 'user', content: `a private remark of person ${i}` }],
    ...more,
  }
}
