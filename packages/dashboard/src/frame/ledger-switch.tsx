import { Popover } from '@base-ui/react/popover'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { counted } from '../display.ts'
import controls from '../elements/controls.module.css'
import { CheckIcon, LedgerIcon } from '../elements/icons.tsx'
import { useSession } from '../session/state.ts'
import { ledgersQuery } from '../settings/ledgers-query.ts'
import styles from './frame.module.css'

/** Which ledger is looked at, where the key belongs to several. */
export function LedgerSwitch() {
  const { ledger, ledgers } = useSession()
  const [isOpen, setOpen] = useState(false)
  if (ledgers.length < 2) return null
  const close = () => setOpen(false)
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger className={`${controls['quiet']} ${styles['switch']}`} aria-label={`Ledger ${ledger}`}>
        <LedgerIcon />
        <span>{ledger}</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={8} align="end" className={styles['positioner']}>
          <Popover.Popup className={`${controls['popup']} ${styles['ledgers']}`} aria-label="Ledgers">
            <Choices close={close} />
            <Link to="/settings" hash="ledgers" onClick={close}>
              All about ledgers
            </Link>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}

function Choices({ close }: { readonly close: () => void }) {
  const { ledger, ledgers } = useSession()
  const { data } = useQuery(ledgersQuery())
  return ledgers.map((name) => {
    const known = data?.items.find((item) => item.name === name)
    return (
      <Link
        key={name}
        to="/"
        search={{ ledger: name }}
        onClick={close}
        aria-current={name === ledger}
        activeProps={{ 'aria-current': name === ledger }}
      >
        <span>{name === ledger && <CheckIcon />}</span>
        <b>{name}</b>
        {known !== undefined && (
          <span>{known.state === 'archived' ? 'archived' : counted(known.size, 'entry', 'entries')}</span>
        )}
      </Link>
    )
  })
}
