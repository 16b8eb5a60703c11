import { Popover } from '@base-ui/react/popover'
import controls from '../elements/controls.module.css'
import { ColumnsIcon } from '../elements/icons.tsx'
import type { DecisionColumn } from './columns.tsx'
import styles from './decisions.module.css'

interface ColumnMenuProps {
  readonly all: readonly DecisionColumn[]
  readonly shown: readonly DecisionColumn[]
  /** Called with the ids to show, or undefined for the usual ones. */
  readonly onChange: (ids: readonly string[] | undefined) => void
}

/** Which columns the list shows. */
export function ColumnMenu({ all, shown, onChange }: ColumnMenuProps) {
  const ids = shown.map(({ id }) => id)
  const toggle = (id: string) =>
    onChange(ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id])
  return (
    <Popover.Root>
      <Popover.Trigger className={`${controls['button']} ${styles['columnButton']}`}>
        <ColumnsIcon />
        Columns
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={6} align="end" className={styles['positioner']}>
          <Popover.Popup className={`${controls['popup']} ${styles['menu']}`} aria-label="Columns">
            {all.map(({ id, header }) => (
              <label key={id}>
                <input type="checkbox" checked={ids.includes(id)} onChange={() => toggle(id)} />
                {header}
              </label>
            ))}
            <button type="button" onClick={() => onChange(undefined)}>
              The usual ones
            </button>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
