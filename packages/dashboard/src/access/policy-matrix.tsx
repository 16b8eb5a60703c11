import table from '../elements/table.module.css'
import { ACTIONS, FIELD_CLASSES, RIGHTS, ROLE_NAMES, roleText } from '../session/shape.ts'
import type { Action, FieldClass, Role } from '../session/shape.ts'
import styles from './access.module.css'
import { DEFAULT_RULES } from './default-rules.ts'
import { cellOf, cellText, isEmpty, sameCell } from './policy.ts'
import type { Rule } from './policy.ts'

/** Actions that show fields of records; for the others the class says nothing. */
const SHOWS_FIELDS = new Set<Action>(['list', 'read', 'reveal', 'export', 'aggregate', 'sql', 'lookup'])

const LETTERS: Record<FieldClass, string> = { plain: 'P', identifier: 'I', protected: 'A', sealed: 'S' }

/** The rules as a table of what and who. */
export function PolicyMatrix({ rules }: { readonly rules: readonly Rule[] }) {
  return (
    <>
      <div className={table['wide']} tabIndex={0} role="region" aria-label="Rights by role">
        <table className={styles['matrix']}>
          <thead>
            <tr>
              <th scope="col">Right</th>
              {ROLE_NAMES.map((role) => (
                <th key={role} scope="col">
                  {roleText(role)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ACTIONS.map((action) => (
              <tr key={action}>
                <th scope="row">
                  <b>{action}</b> <span>{RIGHTS[action]}</span>
                </th>
                {ROLE_NAMES.map((role) => (
                  <MatrixCell key={role} rules={rules} role={role} action={action} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Legend />
    </>
  )
}

interface MatrixCellProps {
  readonly rules: readonly Rule[]
  readonly role: Role
  readonly action: Action
}

function MatrixCell({ rules, role, action }: MatrixCellProps) {
  const cell = cellOf(rules, role, action)
  const isChanged = !sameCell(cell, cellOf(DEFAULT_RULES, role, action))
  const text = `${roleText(role)}, ${action}: ${cellText(cell)}${isChanged ? '; not as it began' : ''}`
  return (
    <td data-changed={isChanged} title={text}>
      <span className={table['heard']}>{cellText(cell)}</span>
      <span aria-hidden>
        {isEmpty(cell) ? (
          <i data-none />
        ) : SHOWS_FIELDS.has(action) ? (
          FIELD_CLASSES.map((name) => (
            <Mark
              key={name}
              name={name}
              isFree={cell.free.includes(name)}
              isForPurpose={cell.forPurpose.includes(name)}
            />
          ))
        ) : (
          <i data-mark={cell.free.length > 0 ? 'yes' : 'purpose'} />
        )}
        {cell.limits.length > 0 && <sup>*</sup>}
      </span>
    </td>
  )
}

interface MarkProps {
  readonly name: FieldClass
  readonly isFree: boolean
  readonly isForPurpose: boolean
}

function Mark({ name, isFree, isForPurpose }: MarkProps) {
  const mark = isFree ? 'yes' : isForPurpose ? 'purpose' : 'no'
  return <b data-mark={mark}>{LETTERS[name]}</b>
}

function Legend() {
  return (
    <ul className={styles['matrixLegend']}>
      {FIELD_CLASSES.map((name) => (
        <li key={name}>
          <b data-mark="yes">{LETTERS[name]}</b> {name === 'protected' ? 'protected attribute' : name}
        </li>
      ))}
      <li>
        <b data-mark="purpose">S</b> for a stated purpose only
      </li>
      <li>
        <i data-mark="yes" /> allowed, no fields shown
      </li>
      <li>
        <span data-changed="true" /> not as it began
      </li>
      <li>* narrowed to some systems or times</li>
    </ul>
  )
}
