/** What a text is made of, found in one pass: most values are told from every pattern by this alone. */

export interface Shape {
  /** Most digits in a row, separators of numbers between them (space, dot, dash, slash, brackets). */
  readonly digitRun: number
  readonly colons: number
  readonly dots: number
  readonly hasAt: boolean
  readonly hasPlus: boolean
  readonly hasLetter: boolean
  readonly isAscii: boolean
}

const ZERO = 48
const NINE = 57

/** Space, dot, dash, slash, round brackets, no-break space. */
const SEPARATORS = new Set([32, 46, 45, 47, 40, 41, 160])

export function shapeOf(text: string): Shape {
  let run = 0
  let digitRun = 0
  let colons = 0
  let dots = 0
  let hasAt = false
  let hasPlus = false
  let hasLetter = false
  let isAscii = true
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code >= ZERO && code <= NINE) {
      run += 1
      if (run > digitRun) digitRun = run
      continue
    }
    if (code > 127) isAscii = false
    if (code === 46) dots += 1
    if (SEPARATORS.has(code)) continue
    run = 0
    if (code === 58) colons += 1
    else if (code === 64) hasAt = true
    else if (code === 43) hasPlus = true
    else hasLetter = true
  }
  return { digitRun, colons, dots, hasAt, hasPlus, hasLetter, isAscii }
}

/** Only the digits of a text. */
export function digitsOf(text: string): string {
  return text.replace(/\D/g, '')
}
