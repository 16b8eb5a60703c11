import { useState } from 'react'
import type { ReactNode } from 'react'
import controls from '../elements/controls.module.css'
import { ROLE_NAMES, roleText } from '../session/shape.ts'
import styles from './access.module.css'
import { ACTS } from './look.ts'
import type { Look } from './look.ts'
import type { LookFilterName, LookFilters } from './look-filters.ts'

interface FilterFormProps {
  readonly filters: LookFilters
  /** Those loaded: they name the people to choose from. */
  readonly looks: readonly Look[]
  readonly onChange: (filters: LookFilters) => void
}

const RESULTS = ['read', 'exported', 'denied']

/** Narrows the list of looks. */
export function FilterForm({ filters, looks, onChange }: FilterFormProps) {
  const set = (name: LookFilterName) => (value: string) => {
    const { [name]: _, ...others } = filters
    onChange(value === '' ? others : { ...others, [name]: value })
  }
  return (
    <form
      className={styles['filters']}
      onSubmit={(event) => event.preventDefault()}
      role="search"
      aria-label="Looks"
    >
      <Choice
        label="Person"
        value={filters.identity}
        onChange={set('identity')}
        options={peopleIn(looks, filters.identity)}
      />
      <Choice
        label="Role"
        value={filters.role}
        onChange={set('role')}
        options={ROLE_NAMES.map((role) => [role, roleText(role)])}
      />
      <Choice
        label="What"
        value={filters.action}
        onChange={set('action')}
        options={Object.entries(ACTS).map(([action, { did }]) => [action, did])}
      />
      <Choice
        label="Result"
        value={filters.result}
        onChange={set('result')}
        options={RESULTS.map((result) => [result, result])}
      />
      <Field label="From">
        <input
          type="date"
          className={controls['field']}
          value={filters.from ?? ''}
          onChange={(event) => set('from')(event.target.value)}
        />
      </Field>
      <Field label="To">
        <input
          type="date"
          className={controls['field']}
          value={filters.to ?? ''}
          onChange={(event) => set('to')(event.target.value)}
        />
      </Field>
      <IdField key={filters.id} id={filters.id ?? ''} onChange={set('id')} />
      {Object.keys(filters).length > 0 && (
        <button type="button" className={controls['quiet']} onClick={() => onChange({})}>
          Clear
        </button>
      )}
    </form>
  )
}

/** People among the loaded looks, and the one that is chosen already. */
function peopleIn(
  looks: readonly Look[],
  chosen: string | undefined,
): readonly (readonly [string, string])[] {
  const people = new Map<string, string>()
  if (chosen !== undefined) people.set(chosen, chosen)
  for (const { actor } of looks) people.set(actor.id, actor.name ?? actor.id)
  return [...people].toSorted(([, a], [, b]) => a.localeCompare(b))
}

function Field({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <label>
      <span>{label}</span>
      {children}
    </label>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly value: string | undefined
  readonly options: readonly (readonly [value: string, text: string])[]
  readonly onChange: (value: string) => void
}

function Choice({ label, value = '', options, onChange }: ChoiceProps) {
  return (
    <Field label={label}>
      <select className={controls['field']} value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">any</option>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </Field>
  )
}

/** The id of a decision, taken when it is whole. */
function IdField({ id, onChange }: { readonly id: string; readonly onChange: (id: string) => void }) {
  const [typed, setTyped] = useState(id)
  return (
    <Field label="Decision (entry id)">
      <input
        className={controls['field']}
        value={typed}
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => typed.trim() !== id && onChange(typed.trim())}
        onKeyDown={(event) => event.key === 'Enter' && onChange(typed.trim())}
      />
    </Field>
  )
}
