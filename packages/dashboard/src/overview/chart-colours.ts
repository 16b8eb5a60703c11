/** Canvas knows nothing of custom properties, so colours are asked of the page and asked again when they change. */
import { useEffect, useState } from 'react'
import { onThemeChange } from '../theme.ts'

const SERIES = ['--series-1', '--series-2', '--series-3', '--series-4', '--series-5', '--series-6']

export interface ChartColours {
  readonly series: readonly string[]
  readonly grid: string
  readonly text: string
}

/** The series colour of a place, as a CSS value. */
export function seriesColour(place: number): string {
  return `var(${SERIES[place % SERIES.length]})`
}

/** The colours of this moment; a change of theme brings new ones. */
export function useChartColours(): ChartColours {
  const [colours, setColours] = useState(readColours)
  useEffect(() => onThemeChange(() => setColours(readColours())), [])
  return colours
}

function readColours(): ChartColours {
  const probe = document.createElement('span')
  document.body.append(probe)
  const resolve = (name: string) => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const colours = { series: SERIES.map(resolve), grid: resolve('--line'), text: resolve('--ink-faint') }
  probe.remove()
  return colours
}
