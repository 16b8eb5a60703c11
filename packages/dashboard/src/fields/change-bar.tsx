import { useState } from 'react'
import { count, counted } from '../display.ts'
import { ActDialog, ActForm } from '../elements/act.tsx'
import controls from '../elements/controls.module.css'
import dialogs from '../elements/dialog.module.css'
import { AskWords } from '../elements/fields.tsx'
import { ApiError } from '../client.ts'
import type { Declared, Mode, Preview, PrivacySettings, differencesIn } from './field.ts'
import { reloadFields, saveFields } from './field-queries.ts'
import styles from './fields.module.css'

interface ChangeBarProps {
  readonly settings: PrivacySettings
  readonly saving: { readonly system: string; readonly fields: Declared; readonly mode: Mode | undefined }
  readonly differences: ReturnType<typeof differencesIn>
  readonly preview: {
    readonly data: Preview | undefined
    readonly error: Error | null
    readonly isFetching: boolean
  }
  readonly discard: () => void
}

/** What was changed and not saved, what it would do, and the way to save it. */
export function ChangeBar({ settings, saving, differences, preview, discard }: ChangeBarProps) {
  const [isOpen, setOpen] = useState(false)
  return (
    <section className={styles['change']} aria-label="Not saved">
      <p role="status">
        <b>Not saved.</b> {effectText(preview)}
      </p>
      <button type="button" className={controls['button']} onClick={discard}>
        Discard
      </button>
      <button
        type="button"
        className={`${controls['button']} ${controls['primary']}`}
        onClick={() => setOpen(true)}
      >
        Save…
      </button>
      <ActDialog isOpen={isOpen} close={() => setOpen(false)}>
        <SaveForm
          settings={settings}
          saving={saving}
          differences={differences}
          changes={preview.data?.changes ?? []}
          close={() => setOpen(false)}
          done={discard}
        />
      </ActDialog>
    </section>
  )
}

function effectText({ data, error }: ChangeBarProps['preview']): string {
  if (error !== null) return `What it would do is not known: ${error.message}`
  if (data === undefined) return 'Looking what it would do…'
  const moved = data.changes.filter(({ before, after }) => before.class !== after.class).length
  if (moved > 0) return `${counted(moved, 'field')} would change ${moved === 1 ? 'its' : 'their'} class.`
  return data.changes.length > 0
    ? 'Classes stay, for other reasons.'
    : 'No field met so far would change its class.'
}

interface SaveFormProps extends Pick<ChangeBarProps, 'settings' | 'saving' | 'differences'> {
  readonly changes: Preview['changes']
  readonly close: () => void
  readonly done: () => void
}

function SaveForm({ settings, saving, differences, changes, close, done }: SaveFormProps) {
  const [reason, setReason] = useState('')
  const leave = changes.filter(
    ({ before, after }) => before.class === 'queryable' && after.class !== 'queryable',
  )
  const run = async () => {
    try {
      await saveFields(settings, { ...saving, reason: reason.trim() })
    } catch (error) {
      if (error instanceof ApiError && error.code === 'privacy_changed') await reloadFields()
      throw error
    }
    done()
  }
  return (
    <ActForm
      title={`What becomes of fields of ${saving.system}`}
      act="Put in force"
      missing={reason.trim() === '' ? 'Say why.' : undefined}
      run={run}
      close={close}
    >
      <Differences
        title="Declared"
        rows={differences.map(({ key, before, after }) => [key, before ?? 'nothing', after ?? 'nothing'])}
      />
      <Differences
        title="What it does to fields met so far"
        rows={changes
          .filter(({ before, after }) => before.class !== after.class)
          .map(({ pointer, before, after }) => [pointer, before.class, after.class])}
      />
      {leave.length > 0 && (
        <p className={dialogs['warning']}>
          The values of {counted(leave.length, 'field')} so far leave the index, and a reindex does not bring
          them back.
        </p>
      )}
      <AskWords
        label="Why?"
        value={reason}
        onChange={setReason}
        isFirst
        maxLength={1_000}
        hint="stands in the ledger"
      />
      <p className={dialogs['note']}>
        Counts for what is recorded from then on. What was recorded stays sealed as it was: that is what
        erasure is for. The change is a record, with the settings before and after.
      </p>
    </ActForm>
  )
}

/** More of them are counted, not listed. */
const LISTED_MAX = 20

interface DifferencesProps {
  readonly title: string
  readonly rows: readonly (readonly [name: string, before: string, after: string])[]
}

function Differences({ title, rows }: DifferencesProps) {
  if (rows.length === 0) return null
  return (
    <div>
      <h3>{title}</h3>
      <ul className={styles['differences']}>
        {rows.slice(0, LISTED_MAX).map(([name, before, after]) => (
          <li key={name}>
            <code>{name}</code>
            <span>
              <del>{before}</del> → <b>{after}</b>
            </span>
          </li>
        ))}
        {rows.length > LISTED_MAX && <li>and {count(rows.length - LISTED_MAX)} more</li>}
      </ul>
    </div>
  )
}
