import type { Json } from '../api.ts'

/** A value as it was typed: JSON where it reads as JSON, the words themselves otherwise. */
export function valueOf(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}
