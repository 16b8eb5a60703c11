import type { ReactNode } from 'react'
import styles from './panel.module.css'

interface PanelProps {
  readonly title: string
  readonly aside?: ReactNode
  readonly className?: string | undefined
  readonly children: ReactNode
}

/** A titled part of a page. */
export function Panel({ title, aside, className, children }: PanelProps) {
  return (
    <section className={`${styles['panel']} ${className ?? ''}`} aria-label={title}>
      <header className={styles['head']}>
        <h2>{title}</h2>
        {aside !== undefined && <div className={styles['aside']}>{aside}</div>}
      </header>
      {children}
    </section>
  )
}
