// Reads what a source file imports and which words its code uses, without a parser: strings, comments and regular
// expressions are blanked first, so that a rule never fires on prose.

export interface Import {
  /** The module specifier as written; undefined when it is computed and so cannot be read here. */
  readonly specifier: string | undefined
  readonly line: number
}

export interface Scan {
  readonly imports: readonly Import[]
  /** The code with every comment, string and regular expression blanked; lines keep their numbers. */
  readonly code: string
}

const CLAUSE = String.raw`[\w$*{},\s]+?`
const STATIC = new RegExp(String.raw`\b(?:import|export)\b(?:${CLAUSE}\bfrom)?\s*"(\d+)"`, 'g')
const CALLED = /(?<![.\w$])(?:import|require)\s*\(\s*(?:"(\d+)"\s*[,)])?/g

export function scanSource(source: string): Scan {
  const { blanked, strings } = blank(source)
  const imports: Import[] = []
  for (const pattern of [STATIC, CALLED]) {
    for (const match of blanked.matchAll(pattern)) {
      const specifier = match[1] === undefined ? undefined : strings[Number(match[1])]
      imports.push({ specifier, line: lineOf(blanked, match.index) })
    }
  }
  return { imports, code: blanked }
}

/** The 1-based line of a position. */
export function lineOf(text: string, position: number): number {
  return text.slice(0, position).split('\n').length
}

interface Blanked {
  /** The source with each string literal replaced by its number in quotes and comments, templates and regexes emptied. */
  readonly blanked: string
  readonly strings: readonly string[]
}

function blank(source: string): Blanked {
  const strings: string[] = []
  // One number per open `${`: how many braces are open inside it. Its end resumes the template around it.
  const templates: number[] = []
  let out = ''
  let at = 0

  const skipTo = (end: number) => {
    out += source.slice(at, end).replaceAll(/[^\n]/g, '')
    at = end
  }
  const template = () => {
    const { end, open } = templateEnd(source, at)
    skipTo(end)
    if (open) templates.push(0)
    out += ' '
  }

  while (at < source.length) {
    const char = source.charAt(at)
    const two = source.slice(at, at + 2)
    if (two === '//') skipTo(orEnd(source, source.indexOf('\n', at)))
    else if (two === '/*') skipTo(orEnd(source, source.indexOf('*/', at + 2), 2))
    else if (char === '`') {
      at++
      template()
    } else if (char === '}' && templates.at(-1) === 0) {
      templates.pop()
      at++
      template()
    } else {
      const end = literalEnd(source, at, out)
      if (end > at && char !== '/') {
        out += `"${strings.length}"`
        strings.push(source.slice(at + 1, end - 1))
        at = end
      } else if (end > at) {
        skipTo(end)
        out += ' '
      } else {
        if (templates.length > 0 && char === '{') templates[templates.length - 1]!++
        if (templates.length > 0 && char === '}') templates[templates.length - 1]!--
        out += char
        at++
      }
    }
  }
  return { blanked: out, strings }
}

function orEnd(source: string, position: number, past = 0): number {
  return position < 0 ? source.length : position + past
}

/** Where the template text starting at `from` stops: at its closing backtick, or inside at an opened `${`. */
function templateEnd(source: string, from: number): { end: number; open: boolean } {
  for (let at = from; at < source.length; at++) {
    const char = source.charAt(at)
    if (char === '\\') at++
    else if (char === '`') return { end: at + 1, open: false }
    else if (char === '$' && source.charAt(at + 1) === '{') return { end: at + 2, open: true }
  }
  return { end: source.length, open: false }
}

/** The end of the string or regular expression that starts at `at`; `at` itself when none does. */
function literalEnd(source: string, at: number, before: string): number {
  const char = source.charAt(at)
  if (char !== '"' && char !== "'" && !(char === '/' && regexMayStart(before))) return at
  let inClass = false
  for (let end = at + 1; end < source.length; end++) {
    const next = source.charAt(end)
    if (next === '\n') return at // an apostrophe in JSX text, or a division: no literal spans lines
    if (next === '\\') end++
    else if (char === '/' && next === '[') inClass = true
    else if (char === '/' && next === ']') inClass = false
    else if (next === char && !inClass) return end + 1
  }
  return at
}

function regexMayStart(before: string): boolean {
  const text = before.trimEnd()
  return (
    text === '' || /[(,=:[!&|?{;+*%^~>-]$/.test(text) || /\b(?:return|typeof|case|in|of|await)$/.test(text)
  )
}
