import { Panel } from '../elements/panel.tsx'
import { CAPTURE_WORDS, MODE_WORDS } from './field.ts'
import type { PrivacySettings } from './field.ts'
import styles from './fields.module.css'

/** What is kept of records at all, on the whole ledger. */
export function CaptureSettings({ settings }: { readonly settings: PrivacySettings }) {
  const { mode, capture, includeInputs, includeOutputs, hashSensitiveData, erasure, version, indexFollows } =
    settings
  return (
    <Panel title="On this ledger" aside={`version ${version}`}>
      <dl className={styles['settings']}>
        <Setting name="Mode" value={mode} note={MODE_WORDS[mode]} />
        <Setting name="Capture" value={capture} note={CAPTURE_WORDS[capture]} />
        <Setting name="Inputs" value={includeInputs ? 'kept' : 'left out'} />
        <Setting name="Outputs" value={includeOutputs ? 'kept' : 'left out'} />
        <Setting
          name="What is found"
          value={hashSensitiveData ? 'pseudonymised' : 'sealed'}
          note="what name or form give away as personal or secret"
        />
        <Setting name="Erasure" value={erasure.twoPersons ? 'takes two people' : 'takes one person'} />
        <Setting
          name="Index"
          value={indexFollows ? 'follows' : 'not yet'}
          note={
            indexFollows
              ? 'holds nothing any more that these settings keep out of it'
              : 'values that are sealed by now are still being taken out; questions may see them until then'
          }
        />
      </dl>
      <p className={styles['foot']}>
        Changed for the whole ledger with <code>deponent privacy set</code>; for one system on its page.
      </p>
    </Panel>
  )
}

interface SettingProps {
  readonly name: string
  readonly value: string
  readonly note?: string
}

function Setting({ name, value, note }: SettingProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <b>{value}</b>
        {note !== undefined && <span>{note}</span>}
      </dd>
    </div>
  )
}
