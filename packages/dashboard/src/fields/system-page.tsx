import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError } from '../client.ts'
import controls from '../elements/controls.module.css'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { useKeys } from '../keyboard.ts'
import privacy from '../privacy/privacy.module.css'
import { useMay } from '../session/state.ts'
import { CaptureSettings } from './capture-settings.tsx'
import { ChangeBar } from './change-bar.tsx'
import { DeclaredPanel } from './declared-panel.tsx'
import { declaredWith, differencesIn, fieldFilterIn } from './field.ts'
import type { Mode, PrivacySettings, SystemFields, Treatment } from './field.ts'
import { fieldsQuery, previewQuery, privacyQuery } from './field-queries.ts'
import { FieldPanel } from './field-panel.tsx'
import { NotFoundPanel } from './not-found-panel.tsx'
import { SamplePanel } from './sample-panel.tsx'
import styles from './fields.module.css'

const route = getRouteApi('/privacy/systems/$system')

/** What becomes of each field of a system's records and why, and what a change would do. */
export function SystemPage() {
  const { system } = route.useParams()
  const may = useMay()
  const fields = useQuery({ ...fieldsQuery(system), enabled: may('systems') })
  const settings = useQuery({ ...privacyQuery(), enabled: may('settings') })
  const navigate = useNavigate()
  useKeys({ u: () => void navigate({ to: '/systems' }) })
  return (
    <>
      <h1 className={privacy['title']}>{system}</h1>
      {fields.error !== null && <Missing error={fields.error} again={() => void fields.refetch()} />}
      {fields.error === null && fields.data === undefined && <Waiting lines={12} label="Loading fields" />}
      {fields.data !== undefined && <Known key={system} fields={fields.data} settings={settings.data} />}
    </>
  )
}

function Missing({ error, again }: { readonly error: Error; readonly again: () => void }) {
  if (!(error instanceof ApiError) || error.status !== 404) return <Failed error={error} again={again} />
  return (
    <Nothing title="No system of this name has recorded anything">
      <Link to="/systems" className={controls['link']}>
        All systems
      </Link>
    </Nothing>
  )
}

export type Choices = Readonly<Record<string, Treatment | ''>>

interface KnownProps {
  readonly fields: SystemFields
  /** Undefined where the reader may not see them. */
  readonly settings: PrivacySettings | undefined
}

function Known({ fields, settings }: KnownProps) {
  const may = useMay()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const filter = fieldFilterIn(search)
  const [chosen, setChosen] = useState<Choices>({})
  const [mode, setMode] = useState<Mode>()
  const { system } = fields
  const own = settings?.systems[system]
  const declared = own?.fields ?? {}
  const differences = differencesIn(declared, chosen)
  const isChanged = differences.length > 0 || (mode !== undefined && mode !== fields.mode)
  const canChange = may('privacy') && settings !== undefined
  const proposal = { fields: declaredWith(declared, chosen), mode: mode ?? fields.mode }
  const preview = useQuery({ ...previewQuery(system, proposal), enabled: canChange && isChanged })
  const choose = (key: string, treatment: Treatment | '') => setChosen({ ...chosen, [key]: treatment })
  const discard = () => {
    setChosen({})
    setMode(undefined)
  }
  const changes = isChanged ? preview.data?.changes : undefined
  return (
    <>
      <ModeLine mode={mode ?? fields.mode} change={canChange ? setMode : undefined} />
      <div className={styles['body']}>
        <FieldPanel
          fields={fields.items}
          filter={filter}
          setFilter={(next) =>
            void navigate({
              search: {
                ...(next.q !== '' && { q: next.q }),
                ...(next.class !== '' && { class: next.class }),
              },
              replace: true,
            })
          }
          declared={proposal.fields}
          changes={changes}
          choose={canChange ? choose : undefined}
        />
        <div>
          <DeclaredPanel declared={proposal.fields} choose={canChange ? choose : undefined} />
          {canChange && <SamplePanel system={system} proposal={proposal} />}
          {settings !== undefined && <CaptureSettings settings={settings} />}
          <NotFoundPanel />
        </div>
      </div>
      {isChanged && canChange && (
        <ChangeBar
          settings={settings}
          saving={{ system, fields: proposal.fields, mode: mode ?? own?.mode }}
          differences={differences}
          preview={preview}
          discard={discard}
        />
      )}
    </>
  )
}

interface ModeLineProps {
  readonly mode: Mode
  readonly change: ((mode: Mode) => void) | undefined
}

function ModeLine({ mode, change }: ModeLineProps) {
  return (
    <p className={styles['mode']}>
      {change === undefined ? (
        <b>{mode}</b>
      ) : (
        <label>
          Mode
          <select
            className={controls['field']}
            value={mode}
            onChange={(event) => change(event.target.value === 'strict' ? 'strict' : 'balanced')}
          >
            <option value="balanced">balanced</option>
            <option value="strict">strict</option>
          </select>
        </label>
      )}
      <span>
        {mode === 'strict'
          ? 'Nothing of these records may be searched that is not declared queryable.'
          : 'A declaration decides first, then the name, then the form; what is left may be searched while it is short and has few values.'}
      </span>
    </p>
  )
}
