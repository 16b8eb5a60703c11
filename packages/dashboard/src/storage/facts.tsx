import type { ReactNode } from 'react'
import styles from './storage.module.css'

/** Names and what they are, line by line. */
export function Facts({ children }: { readonly children: ReactNode }) {
  return <dl className={styles['facts']}>{children}</dl>
}

interface FactProps {
  readonly name: string
  readonly tone?: 'bad' | 'warn' | undefined
  readonly children: ReactNode
}

export function Fact({ name, tone, children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-tone={tone}>{children}</dd>
    </div>
  )
}
