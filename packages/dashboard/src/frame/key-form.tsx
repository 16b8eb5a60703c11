import { useState } from 'react'
import type { FormEvent } from 'react'
import controls from '../elements/controls.module.css'
import { queryClient } from '../queries.ts'
import { keepKey, wasRefused } from '../session.ts'
import styles from './frame.module.css'

/** Asks for the key when the address brought none, or when the server refused the one it had. */
export function KeyForm() {
  const [key, setKey] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (key.trim() === '') return
    queryClient.clear()
    keepKey(key.trim())
  }
  return (
    <div className={styles['gate']}>
      <form onSubmit={submit}>
        <h1>Which key?</h1>
        {wasRefused() && (
          <p className={styles['refused']} role="alert">
            The server refused the key. It may have been revoked, or belong to another server.
          </p>
        )}
        <p>
          The server printed a link with a key when it started, and keeps one in <code>admin-token</code>{' '}
          inside its data directory. The key stays in this tab and goes when you close it.
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
        <div>
          <button
            type="submit"
            className={`${controls['button']} ${controls['primary']}`}
            disabled={key.trim() === ''}
          >
            Open
          </button>
        </div>
      </form>
    </div>
  )
}
