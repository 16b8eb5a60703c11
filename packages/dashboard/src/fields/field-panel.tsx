import { count } from '../display.ts'
import controls from '../elements/controls.module.css'
import { Panel } from '../elements/panel.tsx'
import { Nothing } from '../elements/state.tsx'
import table from '../elements/table.module.css'
import privacy from '../privacy/privacy.module.css'
import {
  classCounts,
  detectedText,
  fieldWhy,
  filtered,
  MET_CLASSES,
  treatmentsFor,
  whyText,
} from './field.ts'
import type { Declared, Field, FieldFilter, Preview, Treatment } from './field.ts'
import styles from './fields.module.css'

export type Choose = (key: string, treatment: Treatment | '') => void

interface FieldPanelProps {
  readonly fields: readonly Field[]
  readonly filter: FieldFilter
  readonly setFilter: (filter: FieldFilter) => void
  /** Declarations as they would be. */
  readonly declared: Declared
  /** What a change that is not saved would do. */
  readonly changes: Preview['changes'] | undefined
  /** Undefined where the reader may change nothing. */
  readonly choose: Choose | undefined
}

/** Each field met, its class and why; with what a change would make of it. */
export function FieldPanel({ fields, filter, setFilter, declared, changes, choose }: FieldPanelProps) {
  const shown = filtered(fields, filter)
  const after = new Map(changes?.map((change) => [change.pointer, change.after]))
  return (
    <Panel
      title="Fields"
      aside={classCounts(fields)
        .filter(({ count: many }) => many > 0)
        .map(({ name, count: many }) => `${count(many)} ${name}`)
        .join(', ')}
    >
      <div className={privacy['bar']}>
        <Filters filter={filter} setFilter={setFilter} />
      </div>
      {shown.length === 0 && (
        <Nothing title={fields.length === 0 ? 'No field was met yet' : 'No field is like this'}>
          <p>
            {fields.length === 0
              ? 'Fields are counted as records arrive.'
              : 'Other fields were met; take the filter away to see them.'}
          </p>
        </Nothing>
      )}
      {shown.length > 0 && (
        <table className={`${table['table']} ${styles['fields']}`}>
          <thead>
            <tr>
              <th>Field</th>
              <th>Class</th>
              <th>Why</th>
              <th data-numeric>Met</th>
              <th>Found by form</th>
              {choose !== undefined && <th>Declared</th>}
            </tr>
          </thead>
          <tbody>
            {shown.map((field) => (
              <FieldRow
                key={field.pointer}
                field={field}
                after={after.get(field.pointer)}
                declared={declared[field.pointer]}
                choose={choose}
              />
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

interface FieldRowProps {
  readonly field: Field
  readonly after: Preview['changes'][number]['after'] | undefined
  readonly declared: Treatment | undefined
  readonly choose: Choose | undefined
}

function FieldRow({ field, after, declared, choose }: FieldRowProps) {
  const { pointer, class: metAs, met } = field
  return (
    <tr data-testid="field" data-changed={after !== undefined}>
      <td>
        <code>{pointer}</code>
      </td>
      <td>
        <i
          className={styles['class']}
          data-class={metAs}
          data-past={after !== undefined && after.class !== metAs}
        >
          {metAs}
        </i>
        {after !== undefined && after.class !== metAs && (
          <>
            {' '}
            <i className={styles['class']} data-class={after.class}>
              {after.class}
            </i>
          </>
        )}
      </td>
      <td>{after === undefined ? fieldWhy(field) : `then ${whyText(after.why)}`}</td>
      <td data-numeric>{count(met)}</td>
      <td>{detectedText(field).join(', ')}</td>
      {choose !== undefined && (
        <td>
          <Declaration pointer={pointer} declared={declared} choose={choose} />
        </td>
      )}
    </tr>
  )
}

interface DeclarationProps {
  readonly pointer: string
  readonly declared: Treatment | undefined
  readonly choose: Choose
}

function Declaration({ pointer, declared, choose }: DeclarationProps) {
  const options = treatmentsFor(pointer)
  return (
    <select
      className={`${controls['field']} ${styles['declare']}`}
      aria-label={`What is declared for ${pointer}`}
      value={declared ?? ''}
      data-declared={declared !== undefined}
      onChange={(event) => choose(pointer, options.find((name) => name === event.target.value) ?? '')}
    >
      <option value="">nothing</option>
      {options.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  )
}

type FiltersProps = Pick<FieldPanelProps, 'filter' | 'setFilter'>

function Filters({ filter, setFilter }: FiltersProps) {
  return (
    <form
      className={privacy['filters']}
      onSubmit={(event) => event.preventDefault()}
      role="search"
      aria-label="Fields"
    >
      <label>
        Name
        <input
          className={controls['field']}
          value={filter.q}
          onChange={(event) => setFilter({ ...filter, q: event.target.value })}
          placeholder="income, detector mail …"
          spellCheck={false}
        />
      </label>
      <label>
        Class
        <select
          className={controls['field']}
          value={filter.class}
          onChange={(event) =>
            setFilter({ ...filter, class: MET_CLASSES.find((name) => name === event.target.value) ?? '' })
          }
        >
          <option value="">any</option>
          {MET_CLASSES.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
    </form>
  )
}
