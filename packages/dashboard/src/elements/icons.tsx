/** Line drawings on a 16-pixel grid, in the colour of the text around them. They never speak alone: text does. */
import type { ReactNode } from 'react'

function Icon({ children }: { readonly children: ReactNode }) {
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      aria-hidden
    >
      {children}
    </svg>
  )
}

export const LockIcon = () => (
  <Icon>
    <rect x="3.5" y="7" width="9" height="6.5" rx="1" />
    <path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2" />
  </Icon>
)

export const SunIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="2.8" />
    <path d="M8 1.5v1.8M8 12.7v1.8M1.5 8h1.8M12.7 8h1.8M3.4 3.4l1.3 1.3M11.3 11.3l1.3 1.3M3.4 12.6l1.3-1.3M11.3 4.7l1.3-1.3" />
  </Icon>
)

export const MoonIcon = () => (
  <Icon>
    <path d="M13 9.6A5.6 5.6 0 0 1 6.4 3a5.6 5.6 0 1 0 6.6 6.6Z" />
  </Icon>
)

export const SystemThemeIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.5" />
    <path d="M8 2.5v11a5.5 5.5 0 0 0 0-11Z" fill="currentColor" stroke="none" />
  </Icon>
)

export const CloseIcon = () => (
  <Icon>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
)

export const BackIcon = () => (
  <Icon>
    <path d="M9.5 3.5 5 8l4.5 4.5" />
  </Icon>
)

export const ForwardIcon = () => (
  <Icon>
    <path d="M6.5 3.5 11 8l-4.5 4.5" />
  </Icon>
)

export const CheckIcon = () => (
  <Icon>
    <path d="m3.5 8.5 3 3 6-7" />
  </Icon>
)

export const AlertIcon = () => (
  <Icon>
    <path d="M8 2.2 14.3 13.2H1.7Z" />
    <path d="M8 6.5v3M8 11.2v.6" />
  </Icon>
)

export const CopyIcon = () => (
  <Icon>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1" />
    <path d="M10.5 5.5v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2" />
  </Icon>
)

export const ColumnsIcon = () => (
  <Icon>
    <rect x="2" y="3" width="12" height="10" rx="1" />
    <path d="M6 3v10M10 3v10" />
  </Icon>
)

export const SearchIcon = () => (
  <Icon>
    <circle cx="7" cy="7" r="4" />
    <path d="m10 10 3.5 3.5" />
  </Icon>
)

export const SortIcon = ({ isAscending }: { readonly isAscending: boolean }) => (
  <Icon>
    <path d={isAscending ? 'M8 12.5v-9M4.5 7 8 3.5 11.5 7' : 'M8 3.5v9M4.5 9 8 12.5 11.5 9'} />
  </Icon>
)

export const PersonIcon = () => (
  <Icon>
    <circle cx="8" cy="5.2" r="2.5" />
    <path d="M3 13.5c.5-2.6 2.5-4 5-4s4.5 1.4 5 4" />
  </Icon>
)

export const DenyIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.5" />
    <path d="m4.2 4.2 7.6 7.6" />
  </Icon>
)

export const LedgerIcon = () => (
  <Icon>
    <rect x="3" y="2.5" width="10" height="11" rx="1" />
    <path d="M3 6h10M3 9.5h10" />
  </Icon>
)
