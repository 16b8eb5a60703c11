import { useState } from 'react'
import type { FormEvent } from 'react'
import controls from '../elements/controls.module.css'
import { Panel } from '../elements/panel.tsx'
import privacy from '../privacy/privacy.module.css'
import { problemOfKey, TREATMENT_WORDS, treatmentsFor } from './field.ts'
import type { Declared, Treatment } from './field.ts'
import type { Choose } from './field-panel.tsx'
import styles from './fields.module.css'

interface DeclaredPanelProps {
  readonly declared: Declared
  readonly choose: Choose | undefined
}

/** What is declared for a system, patterns included, and the way to declare more. */
export function DeclaredPanel({ declared, choose }: DeclaredPanelProps) {
  const entries = Object.entries(declared).toSorted(([a], [b]) => a.localeCompare(b))
  return (
    <Panel title="What is declared">
      {entries.length === 0 && <p className={privacy['prose']}>Nothing: names, forms and the mode decide.</p>}
      <ul className={styles['declared']}>
        {entries.map(([key, treatment]) => (
          <li key={key}>
            <code>{key}</code>
            <span>{TREATMENT_WORDS[treatment]}</span>
            {choose !== undefined && (
              <button
                type="button"
                className={controls['link']}
                aria-label={`Take back what is declared for ${key}`}
                onClick={() => choose(key, '')}
              >
                take back
              </button>
            )}
          </li>
        ))}
      </ul>
      {choose !== undefined && <DeclareMore choose={choose} />}
    </Panel>
  )
}

function DeclareMore({ choose }: { readonly choose: Choose }) {
  const [key, setKey] = useState('')
  const [treatment, setTreatment] = useState<Treatment>('seal')
  const [isAsked, setAsked] = useState(false)
  const options = treatmentsFor(key.trim())
  const problem = problemOfKey(key.trim())
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setAsked(problem !== undefined)
    if (problem !== undefined) return
    choose(key.trim(), options.includes(treatment) ? treatment : 'seal')
    setKey('')
  }
  return (
    <form className={styles['more']} onSubmit={submit} aria-label="Declare more">
      <input
        className={controls['field']}
        value={key}
        onChange={(event) => setKey(event.target.value)}
        aria-label="Field or pattern"
        placeholder="/userId, /messages/*/content, *token*"
        maxLength={512}
        spellCheck={false}
      />
      <select
        className={controls['field']}
        value={options.includes(treatment) ? treatment : 'seal'}
        aria-label="What becomes of it"
        onChange={(event) => setTreatment(options.find((name) => name === event.target.value) ?? 'seal')}
      >
        {options.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <button type="submit" className={controls['button']}>
        Declare
      </button>
      <p role={isAsked ? 'alert' : undefined}>
        {isAsked && problem !== undefined ? problem : 'A pointer, a pointer with *, or a pattern for names.'}
      </p>
    </form>
  )
}
