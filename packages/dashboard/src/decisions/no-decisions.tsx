import controls from '../elements/controls.module.css'
import { Nothing } from '../elements/state.tsx'

/** No decision matches the filters. */
export function NoMatch({ clear }: { readonly clear: () => void }) {
  return (
    <Nothing title="No decision matches">
      <p>Predictions and features are compared exactly, letter by letter.</p>
      <button type="button" className={controls['button']} onClick={clear}>
        Clear the filters
      </button>
    </Nothing>
  )
}

/** Nothing was ever recorded here: how to begin. */
export function NoneYet() {
  const example = [
    `curl ${location.origin}/v1/decisions \\`,
    `  -H "Authorization: Bearer $KEY" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '{"modelId": "m", "prediction": "high", "confidence": 0.7}'`,
  ].join('\n')
  return (
    <Nothing title="No decision recorded yet">
      <p>Send one and it appears here by itself.</p>
      <pre tabIndex={0}>{example}</pre>
      <p>
        <code>deponent import FILE --mapping FILE</code> brings in decisions that were made before.
      </p>
    </Nothing>
  )
}
