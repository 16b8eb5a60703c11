import { useState } from 'react'
import type { FormEvent } from 'react'
import controls from '../elements/controls.module.css'
import { believeKey } from '../proof/gather.ts'
import type { Verification } from '../proof/gather.ts'
import { keyIdText, keysIn } from '../proof/keys.ts'
import type { LedgerKeys } from '../proof/keys.ts'
import { queryClient } from '../query-client.ts'
import styles from './badge.module.css'

type Done = Extract<Verification<unknown>, { readonly phase: 'done' }>

/** Lets the reader decide whose key counts: one that came some other way, or a new one after a change. */
export function KeyChoice({ verification }: { readonly verification: Done }) {
  const { origin, pin, shownKeys } = verification
  const hasChanged = shownKeys !== undefined && shownKeys.checkpointVkey !== pin.checkpointVkey
  const believe = (keys: LedgerKeys, source: 'first-seen' | 'pasted') => {
    believeKey(origin, keys, source)
    void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[1] === 'verification' })
    void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[1] === 'head' })
  }
  return (
    <>
      {hasChanged && <NewKey keys={shownKeys} accept={() => believe(shownKeys, 'first-seen')} />}
      <PasteKey origin={origin} accept={(keys) => believe(keys, 'pasted')} />
    </>
  )
}

function NewKey({ keys, accept }: { readonly keys: LedgerKeys; readonly accept: () => void }) {
  const [isCompared, setCompared] = useState(false)
  return (
    <section className={styles['choice']} data-alarm>
      <h3>The server shows a new key</h3>
      <p>
        Key id <code>{keyIdText(keys.checkpointVkey)}</code>. A rotation looks like this, and so does somebody
        else answering in the operator's place. Ask the operator, not this server.
      </p>
      <label>
        <input type="checkbox" checked={isCompared} onChange={(event) => setCompared(event.target.checked)} />
        I compared the key with the operator some other way
      </label>
      <button type="button" className={controls['button']} disabled={!isCompared} onClick={accept}>
        Pin the new key
      </button>
    </section>
  )
}

interface PasteKeyProps {
  readonly origin: string
  readonly accept: (keys: LedgerKeys) => void
}

function PasteKey({ origin, accept }: PasteKeyProps) {
  const [text, setText] = useState('')
  const [problem, setProblem] = useState<string>()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const keys = keysIn(text, origin)
    if (keys === undefined) return setProblem(`That is not a verifier key for ${origin}.`)
    setProblem(undefined)
    setText('')
    accept(keys)
  }
  return (
    <form className={styles['choice']} onSubmit={submit}>
      <h3>Check with a key you were given</h3>
      <p>
        A key that reached you by mail, in a contract or from an auditor is worth more than one this server
        shows. With keys of witnesses beside it, as in a policy or trust file, their cosignatures are checked
        too.
      </p>
      <textarea
        className={controls['area']}
        rows={2}
        value={text}
        onChange={(event) => setText(event.target.value)}
        placeholder={`${origin}+1a2b3c4d+A…`}
        aria-label="Verifier key"
        spellCheck={false}
      />
      {problem !== undefined && <p role="alert">{problem}</p>}
      <button type="submit" className={controls['button']} disabled={text.trim() === ''}>
        Check with this key
      </button>
    </form>
  )
}
