/** Elements, made without a framework: this page must be small enough to be read by whoever doubts it. */

type Attributes = Readonly<Record<string, string | boolean | undefined>>
type Child = Node | string | undefined | false

/** An element with attributes and children; text is never read as markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    made.setAttribute(name, value === true ? '' : value)
  }
  made.append(...children.filter((child): child is Node | string => child !== undefined && child !== false))
  return made
}

/** A list of terms and what is said of each; pairs without a value are left out. */
export function facts(pairs: readonly (readonly [string, Child])[], className = 'facts'): HTMLElement {
  const rows = pairs.flatMap(([term, value]) =>
    value === undefined || value === false
      ? []
      : [element('div', {}, element('dt', {}, term), element('dd', {}, value))],
  )
  return element('dl', { class: className }, ...rows)
}
