import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { sendJson } from '../client.ts'
import controls from '../elements/controls.module.css'
import { queryClient } from '../query-client.ts'
import { resume } from '../session/begin.ts'
import { isLedgerName } from './ledger-name.ts'
import type { Ledger } from './ledgers-query.ts'
import { ledgersQuery } from './ledgers-query.ts'
import styles from './settings.module.css'

/** Makes a ledger with an origin, keys and a policy of its own. */
export function NewLedger() {
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<string>()
  const [isMaking, setMaking] = useState(false)
  const make = async () => {
    const ledger = await sendJson<Ledger>('POST', '/v1/ledgers', { name })
    await queryClient.invalidateQueries({ queryKey: ledgersQuery().queryKey })
    await resume()
    await navigate({ to: '/settings', search: { ledger: ledger.name }, hash: 'ledgers' })
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setMaking(true)
    setProblem(undefined)
    make()
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
      .finally(() => setMaking(false))
  }
  const isWrong = name !== '' && !isLedgerName(name)
  return (
    <form className={styles['new']} onSubmit={submit}>
      <label>
        New ledger
        <input
          className={controls['field']}
          value={name}
          onChange={(event) => setName(event.target.value)}
          placeholder="name"
          maxLength={32}
          spellCheck={false}
          autoCapitalize="off"
        />
      </label>
      <button type="submit" className={controls['button']} disabled={!isLedgerName(name) || isMaking}>
        {isMaking ? 'Making…' : 'Make it'}
      </button>
      <p role={problem === undefined ? undefined : 'alert'} data-refused={problem !== undefined}>
        {problem ??
          (isWrong
            ? 'A name begins with a letter and has small letters, digits and hyphens only.'
            : 'With an origin, keys, identities and a policy of its own. It cannot be removed, only archived.')}
      </p>
    </form>
  )
}
