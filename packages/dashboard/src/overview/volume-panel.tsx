import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { Panel } from '../elements/panel.tsx'
import { SuppressedNote } from '../elements/suppressed.tsx'
import type { Suppressed } from '../elements/suppressed-text.ts'
import { useMay } from '../session/state.ts'
import styles from './overview.module.css'
import { nextDay } from './range.ts'
import type { Volume } from './usage.ts'
import { VolumeChart } from './volume-chart.tsx'

interface VolumePanelProps {
  readonly volume: Volume
  readonly suppressed: Suppressed | undefined
}

/** How many decisions were made, day by day; a day leads to its decisions. */
export function VolumePanel({ volume, suppressed }: VolumePanelProps) {
  const mayList = useMay()('list')
  const navigate = useNavigate()
  const open = useCallback(
    (day: string) => {
      if (mayList) void navigate({ to: '/decisions', search: { from: day, to: nextDay(day) } })
    },
    [navigate, mayList],
  )
  return (
    <Panel
      title="Decisions per day"
      aside={mayList ? 'UTC days; click one to see its decisions' : 'UTC days'}
      className={styles['volume']}
    >
      <VolumeChart volume={volume} onDay={open} />
      <SuppressedNote of={suppressed} />
    </Panel>
  )
}
