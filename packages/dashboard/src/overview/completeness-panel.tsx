import { useQuery } from '@tanstack/react-query'
import type { CompletenessProfile } from '../api.ts'
import { count, percent } from '../display.ts'
import { Meter } from '../elements/meter.tsx'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { SuppressedNote } from '../elements/suppressed.tsx'
import { completenessQuery } from '../queries.ts'
import styles from './overview.module.css'

const MISSING_SHOWN = 5

/** How much of what their profiles ask for decisions carry, and what they lack most. */
export function CompletenessPanel({ from }: { readonly from: string | undefined }) {
  const { data, error } = useQuery(completenessQuery(from))
  return (
    <Panel title="Completeness of fields" aside="in the period">
      {error !== null && <Failed error={error} />}
      {error === null && data === undefined && <Waiting />}
      {data?.profiles.length === 0 && data.suppressed === undefined && (
        <Nothing title="Nothing to measure yet" />
      )}
      {data?.profiles.map((profile) => (
        <Profile key={profile.profile} profile={profile} />
      ))}
      <SuppressedNote of={data?.suppressed} />
    </Panel>
  )
}

function Profile({ profile }: { readonly profile: CompletenessProfile }) {
  const { decisions, score, whole, missing } = profile
  return (
    <div className={styles['profile']}>
      <div className={styles['profileHead']}>
        <b>{percent(score)}</b>
        <span>
          of profile <code>{profile.profile}</code>
        </span>
        <span>
          {whole === null
            ? 'too few to say how many lack nothing'
            : `${count(whole)} of ${count(decisions)} lack nothing`}
        </span>
      </div>
      {missing.length > 0 && (
        <dl className={styles['missing']}>
          {missing.slice(0, MISSING_SHOWN).map(({ field, count: lacking }) => (
            <div key={field}>
              <dt>
                <code>{field}</code>
              </dt>
              <dd>
                <Meter part={decisions === 0 ? 0 : lacking / decisions} colour="var(--warn)" />
              </dd>
              <dd>missing in {count(lacking)}</dd>
            </div>
          ))}
        </dl>
      )}
      {missing.length > MISSING_SHOWN && (
        <p className={styles['more']}>and {count(missing.length - MISSING_SHOWN)} more fields</p>
      )}
    </div>
  )
}
