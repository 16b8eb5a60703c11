import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { count, timeText } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { SuppressedNote } from '../elements/suppressed.tsx'
import table from '../elements/table.module.css'
import { useMay } from '../session/state.ts'
import type { ListedDataset, ModelSummary } from './life.ts'
import { inOrder } from './lanes.ts'
import { LineagePanel } from './lineage-panel.tsx'
import { datasetsQuery, modelsQuery } from './model-queries.ts'
import styles from './models.module.css'

const route = getRouteApi('/models')

/** Models that are declared or that decided, and the data sets behind them. */
export function ModelsPage() {
  const may = useMay()
  const { dataset, version } = route.useSearch()
  const { data, error, refetch } = useQuery({ ...modelsQuery(), enabled: may('models') })
  return (
    <div className={styles['page']}>
      <h1>
        Models <span>what is declared of them, and what decided</span>
      </h1>
      <Panel title="Models" aside={data !== undefined && count(data.items.length)}>
        {error !== null && <Failed error={error} again={() => void refetch()} />}
        {may('models') && error === null && data === undefined && (
          <Waiting lines={5} label="Loading models" />
        )}
        {data?.items.length === 0 && (
          <Nothing title="No model is known yet">
            <p>It shows here with its first record or decision.</p>
          </Nothing>
        )}
        {data !== undefined && data.items.length > 0 && <ModelTable models={data.items} />}
        <SuppressedNote of={data?.suppressed} />
      </Panel>
      {may('models') && <DatasetsPanel chosen={dataset} version={version} />}
      {dataset !== undefined && (
        <LineagePanel
          of={{ datasetId: dataset, ...(version !== undefined && { version }) }}
          focus={`dataset:${dataset}${version === undefined ? '' : `@${version}`}`}
        />
      )}
    </div>
  )
}

function ModelTable({ models }: { readonly models: readonly ModelSummary[] }) {
  return (
    <div className={table['wide']} tabIndex={0} role="region" aria-label="Models">
      <table className={table['table']}>
        <thead>
          <tr>
            <th>Model</th>
            <th>Systems</th>
            <th>In force</th>
            <th data-numeric>Versions</th>
            <th data-numeric>Decisions</th>
            <th>Last event (UTC)</th>
          </tr>
        </thead>
        <tbody>
          {models.map((model) => (
            <tr key={model.modelId} data-testid="model">
              <td>
                <Link to="/models/$model" params={{ model: model.modelId }} search={{}}>
                  {model.modelId}
                </Link>
              </td>
              <td>{model.systems.join(', ')}</td>
              <td>{inForceText(model)}</td>
              <td data-numeric>{count(model.versions.length)}</td>
              <td data-numeric>{count(model.decisions.count)}</td>
              <td>{model.lastEventAt === null ? '—' : timeText(model.lastEventAt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function inForceText({ inForce, isDeclared, versions }: ModelSummary) {
  const undeclared = versions.filter(({ state }) => state === 'undeclared')
  return (
    <>
      {inOrder(inForce).map(({ entry, environment, modelVersion }) => (
        <span key={entry} className={styles['place']}>
          <b>{modelVersion}</b> {environment}
        </span>
      ))}
      {!isDeclared && <em className={styles['warn']}>not declared</em>}
      {isDeclared && undeclared.length > 0 && (
        <em className={styles['warn']}>
          {undeclared.map(({ modelVersion }) => modelVersion).join(', ')} not declared
        </em>
      )}
    </>
  )
}

interface DatasetsPanelProps {
  readonly chosen: string | undefined
  readonly version: string | undefined
}

function DatasetsPanel({ chosen, version }: DatasetsPanelProps) {
  const { data, error, refetch } = useQuery(datasetsQuery())
  return (
    <Panel title="Data sets" aside={data !== undefined && count(data.items.length)}>
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {error === null && data === undefined && <Waiting lines={3} label="Loading data sets" />}
      {data?.items.length === 0 && <Nothing title="No data set is registered" />}
      {data !== undefined && data.items.length > 0 && (
        <div className={table['wide']} tabIndex={0} role="region" aria-label="Data sets">
          <table className={table['table']}>
            <thead>
              <tr>
                <th>Data set</th>
                <th>Name</th>
                <th>Trained on it</th>
              </tr>
            </thead>
            <tbody>
              {data.items.map((dataset) => (
                <DatasetRow
                  key={`${dataset.datasetId} ${dataset.version}`}
                  dataset={dataset}
                  isChosen={dataset.datasetId === chosen && dataset.version === version}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

function DatasetRow({ dataset, isChosen }: { readonly dataset: ListedDataset; readonly isChosen: boolean }) {
  const { datasetId, isRegistered, name, usedBy, version } = dataset
  return (
    <tr data-testid="dataset" aria-current={isChosen}>
      <td>
        <Link to="/models" search={{ dataset: datasetId, ...(version !== undefined && { version }) }}>
          {datasetId} {version}
        </Link>
      </td>
      <td>{isRegistered ? (name ?? '—') : <em className={styles['warn']}>not registered</em>}</td>
      <td>
        {usedBy.map(({ modelId, modelVersion }) => (
          <Link
            key={`${modelId} ${modelVersion}`}
            to="/models/$model"
            params={{ model: modelId }}
            search={{ version: modelVersion }}
            className={styles['place']}
          >
            {modelId} {modelVersion}
          </Link>
        ))}
      </td>
    </tr>
  )
}
