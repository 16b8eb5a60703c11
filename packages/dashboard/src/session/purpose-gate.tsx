import { useState } from 'react'
import type { FormEvent } from 'react'
import controls from '../elements/controls.module.css'
import { resume } from './begin.ts'
import { PurposeField } from './purpose-field.tsx'
import styles from './session.module.css'
import { setStandingPurpose, useSession } from './state.ts'

/** A key that reads for stated purposes only is asked for one before anything is read. */
export function PurposeGate() {
  const { purposes } = useSession()
  const [purpose, setPurpose] = useState(purposes?.[0] ?? '')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setStandingPurpose(purpose.trim())
    void resume()
  }
  return (
    <div className={styles['gate']}>
      <form onSubmit={submit}>
        <h1>What for?</h1>
        <p>
          Your key reads for a stated purpose only. The purpose stands in the record of everything you look
          at.
        </p>
        <PurposeField label="Purpose" value={purpose} onChange={setPurpose} isFirst />
        <div>
          <button
            type="submit"
            className={`${controls['button']} ${controls['primary']}`}
            disabled={purpose.trim() === ''}
          >
            Read for this purpose
          </button>
        </div>
      </form>
    </div>
  )
}
