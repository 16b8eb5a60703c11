import { useEffect, useState } from 'react'
import type { FormEvent } from 'react'
import controls from '../elements/controls.module.css'
import { signIn } from './begin.ts'
import { clockText } from './reason.ts'
import styles from './session.module.css'
import type { Shut } from './state.ts'

/** Asks for the key when the address brought none, or when the server refused the one it had; says why. */
export function KeyForm({ why }: { readonly why: Shut | undefined }) {
  const [key, setKey] = useState('')
  const waitMs = useWait(why?.waitUntil)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (key.trim() !== '') void signIn(key.trim())
  }
  return (
    <div className={styles['gate']}>
      <form onSubmit={submit}>
        <h1>Which key?</h1>
        {why !== undefined && (
          <p className={styles['refused']} role="alert">
            {why.words}
            {why.waitUntil !== undefined &&
              (waitMs > 0 ? ` Try again in ${clockText(waitMs)}.` : ' You can try again now.')}
          </p>
        )}
        <p>
          The server printed a link with a key when it started, and keeps one in <code>admin-token</code>{' '}
          inside its data directory. Whoever manages keys can make you one of your own.
        </p>
        <label>
          Access key
          <input
            className={controls['field']}
            type="password"
            autoComplete="off"
            spellCheck={false}
            value={key}
            onChange={(event) => setKey(event.target.value)}
            autoFocus
          />
        </label>
        <p className={styles['note']}>
          The key is exchanged for a session of this browser, which no script can read, and then forgotten.
        </p>
        <div>
          <button
            type="submit"
            className={`${controls['button']} ${controls['primary']}`}
            disabled={key.trim() === '' || waitMs > 0}
          >
            Open
          </button>
        </div>
      </form>
    </div>
  )
}

/** How long it still takes until a moment, second by second. */
function useWait(until: number | undefined): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (until === undefined) return
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [until])
  return until === undefined ? 0 : Math.max(0, until - now)
}
