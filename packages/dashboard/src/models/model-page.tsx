import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { ApiError } from '../client.ts'
import { counted } from '../display.ts'
import controls from '../elements/controls.module.css'
import { BackIcon } from '../elements/icons.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { SuppressedNote } from '../elements/suppressed.tsx'
import { useKeys } from '../keyboard.ts'
import { useMay } from '../session/state.ts'
import { EventsPanel } from './events-panel.tsx'
import { GatePanel } from './gate-panel.tsx'
import { InForcePanel } from './in-force-panel.tsx'
import type { Model } from './life.ts'
import { LineagePanel } from './lineage-panel.tsx'
import { modelQuery } from './model-queries.ts'
import styles from './models.module.css'
import { VersionsPanel } from './versions-panel.tsx'

const route = getRouteApi('/models/$model')

/** The life of a model: in force when, versions, where they come from, everything recorded. */
export function ModelPage() {
  const { model: modelId } = route.useParams()
  const { at } = route.useSearch()
  const may = useMay()
  const { data, error, refetch } = useQuery({ ...modelQuery(modelId, at), enabled: may('models') })
  const navigate = useNavigate()
  useKeys({ u: () => void navigate({ to: '/models', search: {} }) })
  return (
    <div className={styles['page']}>
      <nav>
        <Link to="/models" search={{}} className={controls['quiet']}>
          <BackIcon />
          Models
        </Link>
      </nav>
      <h1>
        {modelId} {data !== undefined && <span>{summaryOf(data)}</span>}
      </h1>
      {!may('models') && <NotYours />}
      {error !== null && <Unknown error={error} again={() => void refetch()} />}
      {may('models') && error === null && data === undefined && (
        <Waiting lines={12} label="Loading the model" />
      )}
      {data !== undefined && error === null && <Life model={data} />}
    </div>
  )
}

function summaryOf({ decisions, isDeclared, versions }: Model): string {
  const numbers = `${counted(versions.length, 'version')}, ${counted(decisions.count, 'decision')}`
  return isDeclared ? numbers : `${numbers}, not declared`
}

function Life({ model }: { readonly model: Model }) {
  const { at, version } = route.useSearch()
  const navigate = route.useNavigate()
  const names = model.versions.map(({ modelVersion }) => modelVersion)
  const chosen = version !== undefined && names.includes(version) ? version : undefined
  const set = (more: Record<string, string>) =>
    void navigate({ search: (before) => ({ ...before, ...more }), replace: true })
  const step = (by: number) => () => {
    const next = names[chosen === undefined ? (by > 0 ? 0 : names.length - 1) : names.indexOf(chosen) + by]
    if (next !== undefined) set({ version: next })
  }
  useKeys({ j: step(1), k: step(-1) })
  const { modelId } = model
  return (
    <>
      {!model.isWhole && (
        <p className={styles['note']}>
          Your key does not see everything; what is missing here may be recorded.
        </p>
      )}
      <InForcePanel model={model} at={at} ask={(moment) => set({ at: moment ?? '' })} />
      <VersionsPanel model={model} chosen={chosen} />
      <LineagePanel
        of={{ modelId }}
        focus={chosen === undefined ? undefined : `version:${modelId}@${chosen}`}
      />
      <div className={styles['pair']}>
        <EventsPanel model={model} chosen={chosen} />
        {chosen !== undefined && <GatePanel modelId={modelId} version={chosen} />}
      </div>
      <SuppressedNote of={model.suppressed} />
      <p className={styles['note']}>
        Told from records. Proves that they have not changed; not that they were true.
      </p>
    </>
  )
}

function NotYours() {
  return (
    <Nothing title="Your key may not see models">
      <p>It takes the right “models”, which an auditor or an operator has.</p>
    </Nothing>
  )
}

function Unknown({ error, again }: { readonly error: Error; readonly again: () => void }) {
  if (!(error instanceof ApiError) || error.status !== 404) return <Failed error={error} again={again} />
  return (
    <Nothing title="No model of this name is known">
      <p>Neither a record nor a decision names it, as far as your key sees.</p>
    </Nothing>
  )
}
