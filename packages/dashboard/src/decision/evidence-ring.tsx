import type { Step } from '../proof/steps.ts'

const SIZE = 32
const RADIUS = 12.5
const CENTRE = SIZE / 2
/** Between two arcs, in radians. */
const GAP = 0.11

interface EvidenceRingProps {
  /** Undefined while nothing was checked. */
  readonly steps: readonly Step[] | undefined
}

/** One arc for each step of a check: filled where it passed, hollow where nobody could say. */
export function EvidenceRing({ steps }: EvidenceRingProps) {
  const states = steps?.map(({ state }) => state) ?? ['open' as const]
  const width = (2 * Math.PI) / states.length
  return (
    <svg
      width={SIZE}
      height={SIZE}
      viewBox={`0 0 ${SIZE} ${SIZE}`}
      fill="none"
      data-ring={steps === undefined ? 'empty' : 'full'}
      aria-hidden
    >
      {states.map((state, place) => (
        <path
          key={place}
          d={arc(place * width, states.length === 1 ? 2 * Math.PI : width)}
          data-state={state}
        />
      ))}
    </svg>
  )
}

function arc(start: number, width: number): string {
  const gap = width >= 2 * Math.PI ? 0.001 : GAP
  const [from, to] = [start + gap, start + width - gap].map((angle) => angle - Math.PI / 2) as [
    number,
    number,
  ]
  const at = (angle: number) =>
    `${(CENTRE + RADIUS * Math.cos(angle)).toFixed(2)} ${(CENTRE + RADIUS * Math.sin(angle)).toFixed(2)}`
  return `M ${at(from)} A ${RADIUS} ${RADIUS} 0 ${to - from > Math.PI ? 1 : 0} 1 ${at(to)}`
}
