/** Light, dark, or whatever the system says. */
export type Theme = 'system' | 'light' | 'dark'

const STORED_UNDER = 'deponent.theme'
const CHANGED = 'deponent:theme'

/** The theme the reader chose. */
export function chosenTheme(): Theme {
  const stored = localStorage.getItem(STORED_UNDER)
  return stored === 'light' || stored === 'dark' ? stored : 'system'
}

/** Puts the chosen theme on the page. */
export function applyTheme(theme: Theme = chosenTheme()): void {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}

/** Chooses a theme and keeps the choice. */
export function chooseTheme(theme: Theme): void {
  localStorage.setItem(STORED_UNDER, theme)
  applyTheme(theme)
  dispatchEvent(new Event(CHANGED))
}

/** Calls back when colours change, whoever changed them; answers how to stop that. */
export function onThemeChange(listener: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  system.addEventListener('change', listener)
  addEventListener(CHANGED, listener)
  return () => {
    system.removeEventListener('change', listener)
    removeEventListener(CHANGED, listener)
  }
}
