import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { Panel } from '../elements/panel.tsx'
import styles from './overview.module.css'
import { nextDay } from './range.ts'
import type { Volume } from './usage.ts'
import { VolumeChart } from './volume-chart.tsx'

/** How many decisions were made, day by day; a day leads to its decisions. */
export function VolumePanel({ volume }: { readonly volume: Volume }) {
  const navigate = useNavigate()
  const open = useCallback(
    (day: string) => void navigate({ to: '/decisions', search: { from: day, to: nextDay(day) } }),
    [navigate],
  )
  return (
    <Panel
      title="Decisions per day"
      aside="UTC days; click one to see its decisions"
      className={styles['volume']}
    >
      <VolumeChart volume={volume} onDay={open} />
    </Panel>
  )
}
