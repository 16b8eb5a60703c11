import { counted } from '../display.ts'
import controls from '../elements/controls.module.css'
import privacy from './privacy.module.css'

interface FurtherProps {
  readonly query: {
    readonly hasNextPage: boolean
    readonly isFetchingNextPage: boolean
    readonly fetchNextPage: () => Promise<unknown>
  }
  /** How many lines are on the page. */
  readonly shown: number
  /** What one line is. */
  readonly noun: string
  /** What the next page has. */
  readonly more: string
  readonly isFiltered: boolean
}

/** The end of a list: more of it, or that this is all. */
export function Further({ query, shown, noun, more, isFiltered }: FurtherProps) {
  return (
    <p className={privacy['foot']}>
      {query.hasNextPage ? (
        <button
          type="button"
          className={controls['button']}
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {query.isFetchingNextPage ? 'Loading…' : more}
        </button>
      ) : (
        `${counted(shown, noun)} shown, all there are${isFiltered ? ' like this' : ''}.`
      )}
    </p>
  )
}
