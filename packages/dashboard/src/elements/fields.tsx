/** Questions of a form, each with its label. */
import type { ReactNode } from 'react'
import controls from './controls.module.css'
import dialogs from './dialog.module.css'

interface AskProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  /** What the answer is for, or what becomes of it. */
  readonly note?: ReactNode
  readonly hint?: string
  readonly maxLength?: number
  readonly isFirst?: boolean
}

/** One line of text, a day, or a moment. */
export function Ask(props: AskProps & { readonly type?: 'text' | 'date' }) {
  const { label, value, onChange, note, hint, maxLength = 200, isFirst = false, type = 'text' } = props
  return (
    <label>
      {label}
      <input
        type={type}
        className={controls['field']}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        placeholder={hint}
        maxLength={maxLength}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        autoFocus={isFirst}
      />
      {note !== undefined && <span className={dialogs['note']}>{note}</span>}
    </label>
  )
}

/** Some words. */
export function AskWords({
  label,
  value,
  onChange,
  note,
  hint,
  maxLength = 4_000,
  isFirst = false,
}: AskProps) {
  return (
    <label>
      {label}
      <textarea
        className={`${controls['field']} ${dialogs['words']}`}
        rows={3}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        placeholder={hint}
        maxLength={maxLength}
        autoFocus={isFirst}
      />
      {note !== undefined && <span className={dialogs['note']}>{note}</span>}
    </label>
  )
}

interface ChooseProps extends Omit<AskProps, 'hint' | 'maxLength'> {
  readonly options: readonly (readonly [value: string, text: string])[]
}

/** One of a few. */
export function Choose({ label, value, onChange, note, options, isFirst = false }: ChooseProps) {
  return (
    <label>
      {label}
      <select
        className={controls['field']}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        autoFocus={isFirst}
      >
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
      {note !== undefined && <span className={dialogs['note']}>{note}</span>}
    </label>
  )
}

interface CheckProps {
  readonly label: string
  readonly isChecked: boolean
  readonly onChange: (isChecked: boolean) => void
}

/** Yes or no. */
export function Check({ label, isChecked, onChange }: CheckProps) {
  return (
    <label className={dialogs['check']}>
      <input type="checkbox" checked={isChecked} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  )
}
