import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { dayText, lineText, timeText } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { useNow } from '../now.ts'
import { seriesColour } from '../overview/chart-colours.ts'
import type { Deployment, InForce, Model } from './life.ts'
import { inOrder, lanesOf, spanOf } from './lanes.ts'
import styles from './models.module.css'

interface InForcePanelProps {
  readonly model: Model
  /** The moment asked about; undefined for now. */
  readonly at: string | undefined
  readonly ask: (at: string | undefined) => void
}

/** Which version was in force where and when, and at one moment: by what was recorded then, and by what is known now. */
export function InForcePanel({ model, at, ask }: InForcePanelProps) {
  const deployments = model.versions.flatMap((version) => version.deployments)
  return (
    <Panel title="In force" aside={<Moment key={at} at={at} ask={ask} />}>
      <Statement inForce={model.inForce} isNow={at === undefined} />
      {deployments.length > 0 && <Lanes model={model} deployments={deployments} at={at} />}
    </Panel>
  )
}

/** A minute in UTC, as the browser's field for it writes one; asked about when it is left, or with Enter. */
function Moment({ at, ask }: Omit<InForcePanelProps, 'model'>) {
  const shown = at?.slice(0, 16) ?? ''
  const take = ({ value }: HTMLInputElement) => {
    if (value !== shown) ask(value === '' ? undefined : `${value}:00Z`)
  }
  return (
    <label className={styles['moment']}>
      at (UTC)
      <input
        type="datetime-local"
        defaultValue={shown}
        onBlur={({ currentTarget }) => take(currentTarget)}
        onKeyDown={({ currentTarget, key }) => {
          if (key === 'Enter') take(currentTarget)
        }}
      />
    </label>
  )
}

function Statement({ inForce, isNow }: { readonly inForce: InForce; readonly isNow: boolean }) {
  const { asKnown, asRecorded, at } = inForce
  const differs = JSON.stringify(asKnown) !== JSON.stringify(asRecorded)
  return (
    <dl className={styles['statement']}>
      <div>
        <dt>{isNow ? 'Now' : `At ${timeText(at)}`}, as known</dt>
        <dd>{toldOf(asKnown)}</dd>
      </div>
      {!isNow && (
        <div data-differs={differs}>
          <dt>As recorded by then</dt>
          <dd>{differs ? toldOf(asRecorded) : 'the same'}</dd>
        </div>
      )}
    </dl>
  )
}

function toldOf(deployments: readonly Deployment[]): ReactNode {
  if (deployments.length === 0) return 'no version is known to have been in force'
  return inOrder(deployments).map(({ authorisedBy, entry, environment, modelVersion, system }) => (
    <p key={`${system} ${environment} ${entry}`}>
      <b>{modelVersion}</b> in {environment} of {system},{' '}
      {authorisedBy === undefined
        ? 'nobody is recorded to have authorised it'
        : `authorised by ${lineText(authorisedBy)}`}
    </p>
  ))
}

interface LanesProps {
  readonly model: Model
  readonly deployments: readonly Deployment[]
  readonly at: string | undefined
}

/** One lane for each environment of each system, a bar for each time a version was in force. */
function Lanes({ model, deployments, at }: LanesProps) {
  const { from, to } = spanOf(deployments, useNow())
  const place = (time: number): string => `${(((time - from) / (to - from)) * 100).toFixed(2)}%`
  const width = (a: number, b: number): string => `${(((b - a) / (to - from)) * 100).toFixed(2)}%`
  const names = model.versions.map(({ modelVersion }) => modelVersion)
  const moment = at === undefined ? undefined : Date.parse(at)
  return (
    <div className={styles['lanes']}>
      {lanesOf(deployments).map(({ deployments: bars, environment, system }) => (
        <div key={`${system} ${environment}`} className={styles['lane']}>
          <span title={system}>
            {environment} <small>{system}</small>
          </span>
          <div>
            {bars.map((bar) => (
              <Link
                key={bar.entry}
                to="/models/$model"
                params={{ model: model.modelId }}
                search={(before) => ({ ...before, version: bar.modelVersion })}
                className={styles['bar']}
                style={{
                  left: place(Date.parse(bar.from)),
                  width: width(Date.parse(bar.from), bar.to === null ? to : Date.parse(bar.to)),
                  background: colourOf(names.indexOf(bar.modelVersion)),
                }}
                title={titleOf(bar)}
                aria-label={titleOf(bar)}
              >
                {bar.modelVersion}
              </Link>
            ))}
            {moment !== undefined && moment >= from && moment <= to && (
              <i className={styles['cursor']} style={{ left: place(moment) }} />
            )}
          </div>
        </div>
      ))}
      <div className={styles['axis']} aria-hidden>
        <span>{dayText(from)}</span>
        <span>{dayText(to)}</span>
      </div>
    </div>
  )
}

/** A series colour on which a label can be read. */
function colourOf(place: number): string {
  return `color-mix(in oklab, ${seriesColour(Math.max(0, place))} 80%, light-dark(#000, #fff))`
}

function titleOf({ environment, from, modelVersion, system, to }: Deployment): string {
  const end = to === null ? 'until now' : `to ${timeText(to)}`
  return `${modelVersion} in ${environment} of ${system}, ${timeText(from)} ${end}`
}
