import { useEffect, useMemo, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { count, dayText, shortCount } from '../display.ts'
import { seriesColour, useChartColours } from './chart-colours.ts'
import type { ChartColours } from './chart-colours.ts'
import styles from './overview.module.css'
import type { Volume } from './usage.ts'

interface VolumeChartProps {
  readonly volume: Volume
  /** Called with the day that was clicked. */
  readonly onDay: (day: string) => void
}

/** Decisions per day, one bar a day, one colour a system. */
export function VolumeChart({ volume, onDay }: VolumeChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const chosen = useRef(onDay)
  const colours = useChartColours()
  const [day, setDay] = useState<number>()
  useEffect(() => {
    chosen.current = onDay
  })
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const open = (index: number) => chosen.current(volume.days[index]!)
    const chart = new uPlot(
      optionsOf(volume, colours, sizeOf(element), setDay, open),
      stacked(volume),
      element,
    )
    const resized = new ResizeObserver(() => chart.setSize(sizeOf(element)))
    resized.observe(element)
    return () => {
      resized.disconnect()
      chart.destroy()
    }
  }, [volume, colours])
  return (
    <>
      <div className={styles['chart']}>
        <div ref={place} aria-hidden />
      </div>
      <Legend volume={volume} day={day} />
    </>
  )
}

function sizeOf({ clientWidth, clientHeight }: HTMLElement): { width: number; height: number } {
  return { width: clientWidth, height: clientHeight }
}

/** uPlot draws series over one another, so each is drawn as the sum of itself and all below, the highest first. */
function stacked({ days, series }: Volume): uPlot.AlignedData {
  const running = Array.from({ length: days.length }, () => 0)
  const sums = series.map(({ counts }) => counts.map((value, day) => (running[day]! += value)))
  return [days.map((day) => Date.parse(day) / 1000), ...sums.toReversed()]
}

function optionsOf(
  { days, series }: Volume,
  { series: colours, grid, text }: ChartColours,
  size: { width: number; height: number },
  onHover: (index: number | undefined) => void,
  onClick: (index: number) => void,
): uPlot.Options {
  const bars = uPlot.paths.bars!({ size: [0.72, 28], align: 0 })
  const drawn = series.map((_, index) => ({
    paths: bars,
    fill: colours[index]!,
    width: 0,
    points: { show: false },
  }))
  const axis: uPlot.Axis = {
    stroke: text,
    font: '11px Plex Sans, system-ui',
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
  }
  return {
    ...size,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    padding: [10, 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: {
      // Half a day more on each side, so that the first and the last bar are whole.
      x: { range: () => [Date.parse(days[0]!) / 1000 - 43_200, Date.parse(days.at(-1)!) / 1000 + 43_200] },
      y: { range: (_, __, highest) => [0, Math.max(4, highest * 1.06)] },
    },
    series: [{}, ...drawn.toReversed()],
    axes: [
      { ...axis, grid: { show: false }, space: 70, values: (_, ticks) => ticks.map(tickText), size: 26 },
      {
        ...axis,
        size: 42,
        space: 40,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6],
        values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? shortCount(tick) : '')),
      },
    ],
    hooks: {
      setCursor: [(chart) => onHover(chart.cursor.idx ?? undefined)],
      init: [
        (chart) => {
          chart.over.addEventListener('click', () => chart.cursor.idx != null && onClick(chart.cursor.idx))
        },
      ],
    },
  }
}

function tickText(seconds: number): string {
  const time = new Date(seconds * 1000)
  return time.getUTCHours() === 0 ? dayText(time.getTime()).replace(/ \d{4}$/, '') : ''
}

/** Which colour is which system, and how many on the day under the pointer or in all. */
function Legend({
  volume: { days, series, outside },
  day,
}: {
  readonly volume: Volume
  readonly day: number | undefined
}) {
  const totals = useMemo(
    () => series.map(({ counts }) => counts.reduce((total, value) => total + value, 0)),
    [series],
  )
  return (
    <ul className={styles['legend']}>
      {series.map(({ name, counts }, index) => (
        <li key={name}>
          <i style={{ background: seriesColour(index) }} />
          {name}
          <b>{count(day === undefined ? totals[index]! : (counts[day] ?? 0))}</b>
        </li>
      ))}
      <li className={styles['legendDay']}>
        {day === undefined ? 'in the period' : `on ${dayText(days[day]!)}`}
        {outside > 0 && `; ${count(outside)} dated outside it`}
      </li>
    </ul>
  )
}
