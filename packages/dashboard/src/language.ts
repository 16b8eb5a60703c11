/**
 * Gives the page a language its own number formatter takes. A browser under the POSIX locale says `en-US@posix`, which is no language
 * tag, and the chart library hands what the browser says to `Intl` as it is loaded.
 */
export function ensureLanguageTag(): void {
  try {
    Intl.getCanonicalLocales(navigator.language)
  } catch {
    Object.defineProperty(navigator, 'language', { value: 'en', configurable: true })
  }
}
