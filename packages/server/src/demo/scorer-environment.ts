import { type JsonObject, sha256, toHex, utf8 } from '@deponent/format'
import { environmentDigest } from '../reproduction/environment.ts'
import { iso, MINUTE_MS } from './calendar.ts'
import { STAFF, SYSTEMS } from './company.ts'
import type { DemoRecord } from './demo-record.ts'
import { checksumOf, scorerModels } from './scorer-model.ts'
import type { ScorerVersion, Story } from './story.ts'

const commits: Record<ScorerVersion, string> = {
  '4.0.0': '9f31c07',
  '4.1.0': 'c41d8ea',
  '4.2.0': '07be5d2',
  '4.2.1': 'e8806af',
}

/** By what and where a version was trained, and decides. */
export function builtBy(version: ScorerVersion): JsonObject {
  return {
    codeCommit: commits[version],
    runtime: { name: 'cpython', version: '3.12.4', platform: 'linux', release: '6.8.0', arch: 'x86_64' },
    hardware: { cores: 8, memoryBytes: 34_359_738_368 },
    dependencies: {
      lockFile: { name: 'uv.lock', digest: `sha256:${toHex(sha256(utf8(`numpy scikit-learn ${version}`)))}` },
      installed: [
        { name: 'numpy', version: '2.1.1' },
        { name: 'scikit-learn', version: '1.5.2' },
      ],
      count: 2,
    },
    seeds: [41],
  }
}

/** As it is captured when it starts. */
function environmentOf(version: ScorerVersion): JsonObject {
  return {
    ...builtBy(version),
    codeDirty: false,
    weightsHash: checksumOf(scorerModels[version]),
    preprocessing: scorerModels[version].featureStoreVersion,
  }
}

/** What decisions of a version say of it. */
export const inferences: ReadonlyMap<ScorerVersion, JsonObject> = new Map(
  Object.values(scorerModels).map((model) => [
    model.version,
    {
      weightsHash: checksumOf(model),
      preprocessing: model.featureStoreVersion,
      runtime: { environment: environmentDigest(environmentOf(model.version)) },
    },
  ]),
)

/** The record of it, each time a version takes over. */
export function environments(story: Story): DemoRecord[] {
  return story.scorer.map(({ version, from }) => ({
    at: from - MINUTE_MS,
    kind: 'system.log',
    record: {
      timestamp: iso(from - MINUTE_MS),
      system: SYSTEMS.scorer,
      event: 'environment',
      modelId: 'repayment-scorer',
      modelVersion: version,
      details: environmentOf(version),
      actor: STAFF.engineer,
    },
  }))
}
