import { Link } from '@tanstack/react-router'
import { count, isSealed, jsonText, lineText } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import table from '../elements/table.module.css'
import { useMay } from '../session/state.ts'
import type { Dataset, Evaluation, Model, ModelVersion } from './life.ts'
import { lastResults, stateText } from './life.ts'
import styles from './models.module.css'

/** Every version with who built and approved it, what it was trained on, how it was evaluated, and how much it decided. */
export function VersionsPanel({
  model,
  chosen,
}: {
  readonly model: Model
  readonly chosen: string | undefined
}) {
  return (
    <Panel title="Versions" aside={count(model.versions.length)}>
      <div className={table['wide']} tabIndex={0} role="region" aria-label="Versions">
        <table className={`${table['table']} ${styles['versions']}`}>
          <thead>
            <tr>
              <th>Version</th>
              <th>State</th>
              <th>Built by</th>
              <th>Approved by</th>
              <th>Evaluation</th>
              <th>Trained on</th>
              <th data-numeric>Decisions</th>
            </tr>
          </thead>
          <tbody>
            {model.versions.map((version) => (
              <Row
                key={version.modelVersion}
                modelId={model.modelId}
                version={version}
                isChosen={version.modelVersion === chosen}
              />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

interface RowProps {
  readonly modelId: string
  readonly version: ModelVersion
  readonly isChosen: boolean
}

function Row({ modelId, version, isChosen }: RowProps) {
  const may = useMay()
  const { approvedBy, builtBy, decisions, evaluations, isDeprecated, modelVersion, state, trainingData } =
    version
  return (
    <tr data-testid="version" aria-current={isChosen}>
      <td>
        <Link
          to="/models/$model"
          params={{ model: modelId }}
          search={(before) => ({ ...before, version: modelVersion })}
        >
          {modelVersion}
        </Link>
      </td>
      <td data-state={state}>
        {stateText(state)}
        {isDeprecated && state !== 'retired' && <small>deprecated</small>}
      </td>
      <td>{people(builtBy)}</td>
      <td>{people(approvedBy)}</td>
      <td>{evaluations.length === 0 ? <Missing /> : lastResults(evaluations).map(drawResult)}</td>
      <td>{trainingData.length === 0 ? <Missing /> : trainingData.map(drawDataset)}</td>
      <td data-numeric>
        {may('list') && decisions.count > 0 ? (
          <Link to="/decisions" search={{ modelId, modelVersion }}>
            {count(decisions.count)}
          </Link>
        ) : (
          count(decisions.count)
        )}
      </td>
    </tr>
  )
}

function people(acts: ModelVersion['builtBy']) {
  const names = [...new Set(acts.map(({ by }) => lineText(by)))]
  return names.length === 0 ? <Missing /> : names.join(', ')
}

function drawResult({ group, metric, passed, threshold, value }: Evaluation) {
  const name = group === undefined ? jsonText(metric) : `${jsonText(metric)} by ${lineText(group)}`
  const outcome = isSealed(passed)
    ? 'sealed'
    : passed === true
      ? 'passed'
      : passed === false
        ? 'failed'
        : 'not judged'
  return (
    <p key={name} className={styles['result']} data-outcome={outcome}>
      {name} <b>{value === undefined ? '—' : lineText(value)}</b>
      {threshold !== undefined && ` against ${lineText(threshold)}`} <em>{outcome}</em>
    </p>
  )
}

function drawDataset({ datasetId, isRegistered, version }: Dataset) {
  return (
    <p key={`${datasetId} ${version}`}>
      <Link to="/models" search={{ dataset: datasetId, ...(version !== undefined && { version }) }}>
        {datasetId} {version}
      </Link>
      {!isRegistered && <em className={styles['warn']}> not registered</em>}
    </p>
  )
}

function Missing() {
  return <span className={styles['faint']}>not recorded</span>
}
