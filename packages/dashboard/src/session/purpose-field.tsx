import controls from '../elements/controls.module.css'
import { PURPOSE_CHARACTERS_MAX } from './purpose-header.ts'
import styles from './session.module.css'
import { useSession } from './state.ts'

interface PurposeFieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (purpose: string) => void
  /** Whether it takes the focus when it appears. */
  readonly isFirst?: boolean
}

/** A purpose in the reader's words, or one of those the key is made for. */
export function PurposeField({ label, value, onChange, isFirst = false }: PurposeFieldProps) {
  const { purposes } = useSession()
  return (
    <label className={styles['purpose']}>
      {label}
      {purposes === null ? (
        <input
          className={controls['field']}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          placeholder="for example: appeal of 12 November"
          maxLength={PURPOSE_CHARACTERS_MAX}
          autoFocus={isFirst}
        />
      ) : (
        <select
          className={controls['field']}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          autoFocus={isFirst}
        >
          {purposes.map((purpose) => (
            <option key={purpose}>{purpose}</option>
          ))}
        </select>
      )}
    </label>
  )
}
