/** The life of models as `GET /v1/models` and its siblings tell it. */
import type { Json } from '../api.ts'
import type { Suppressed } from '../elements/suppressed-text.ts'

export interface Deployment {
  readonly system: string
  readonly environment: string
  readonly modelVersion: string
  readonly from: string
  /** Null while it is in force. */
  readonly to: string | null
  /** The entry that brought it into force. */
  readonly entry: string
  readonly deployedBy?: Json
  readonly authorisedBy?: Json
}

export interface Uses {
  readonly count: number
}

interface Act {
  readonly by: Json
  readonly at: string
  readonly entry: string
}

export interface Evaluation {
  readonly metric: Json
  readonly value?: Json
  readonly threshold?: Json
  readonly passed?: Json
  readonly group?: Json
  readonly entry: string
}

export interface Dataset {
  readonly datasetId: string
  readonly version?: string
  readonly name?: string
  readonly isRegistered: boolean
}

export type VersionState = 'undeclared' | 'declared' | 'in_force' | 'replaced' | 'retired' | 'recalled'

export interface ModelVersion {
  readonly modelVersion: string
  readonly state: VersionState
  readonly isDeprecated: boolean
  readonly builtBy: readonly Act[]
  readonly approvedBy: readonly Act[]
  readonly evaluations: readonly Evaluation[]
  readonly trainingData: readonly Dataset[]
  readonly deployments: readonly Deployment[]
  readonly decisions: Uses
}

export interface LifeEvent {
  readonly id: string
  readonly index: number
  readonly kind: string
  readonly at: string
  readonly receivedAt: string
  readonly modelVersion?: string
  readonly record: Readonly<Record<string, Json>>
}

export interface InForce {
  readonly at: string
  readonly asRecorded: readonly Deployment[]
  readonly asKnown: readonly Deployment[]
}

interface About {
  /** Whether what is missing is missing, rather than not to be seen. */
  readonly isWhole: boolean
  readonly suppressed?: Suppressed
}

export interface Model extends About {
  readonly modelId: string
  readonly isDeclared: boolean
  readonly inForce: InForce
  readonly versions: readonly ModelVersion[]
  readonly decisions: Uses
  readonly events: readonly LifeEvent[]
  readonly eventCount: number
}

export interface ModelSummary {
  readonly modelId: string
  readonly isDeclared: boolean
  readonly systems: readonly string[]
  readonly versions: readonly Pick<ModelVersion, 'modelVersion' | 'state'>[]
  readonly inForce: readonly Deployment[]
  readonly decisions: Uses
  readonly lastEventAt: string | null
}

export interface Models extends About {
  readonly items: readonly ModelSummary[]
}

export interface ListedDataset extends Dataset {
  readonly usedBy: readonly { readonly modelId: string; readonly modelVersion: string }[]
}

export interface Datasets extends About {
  readonly items: readonly ListedDataset[]
}

export interface Gate {
  readonly verdict: 'passed' | 'failed' | 'incomplete'
  readonly reasons: readonly {
    readonly check: string
    readonly outcome: 'passed' | 'failed' | 'unknown'
    readonly message: string
  }[]
}

export type LineageNode = { readonly id: string } & (
  | ({ readonly type: 'dataset' } & Dataset)
  | ({ readonly type: 'version'; readonly modelId: string } & Pick<ModelVersion, 'modelVersion' | 'state'>)
  | {
      readonly type: 'decisions'
      readonly modelId: string
      readonly modelVersion: string
      readonly decisions: number
    }
)

export interface LineageEdge {
  readonly from: string
  readonly to: string
  readonly type: 'transformed' | 'trained' | 'decided'
  readonly entries: readonly string[]
}

export interface Lineage extends About {
  readonly graph: {
    readonly nodes: readonly LineageNode[]
    readonly edges: readonly LineageEdge[]
    readonly isCut: boolean
  }
}

const STATES: Readonly<Record<VersionState, string>> = {
  undeclared: 'not declared',
  declared: 'declared',
  in_force: 'in force',
  replaced: 'replaced',
  retired: 'retired',
  recalled: 'recalled',
}

export function stateText(state: VersionState): string {
  return STATES[state]
}

/** deployment_approved → deployment approved. */
export function eventText(kind: string): string {
  return kind.replace(/^model\./, '').replaceAll('_', ' ')
}

/** The last result of each metric and group, as the gate counts them. */
export function lastResults(evaluations: readonly Evaluation[]): Evaluation[] {
  return [...new Map(evaluations.map((one) => [JSON.stringify([one.metric, one.group]), one])).values()]
}
