/** What opens something: keys and tokens in the spellings of those who issue them. */

const JWT = /(?<![\w-])eyJ[\w-]{6,2048}\.eyJ[\w-]{2,8192}\.[\w-]{0,2048}/
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]{2,16} ){0,2}PRIVATE KEY(?: BLOCK)?-----/
const BEARER = /\b(?:bearer|basic|token) [\w.~+/-]{16,2048}=*/i
const URL_CREDENTIALS = /[a-z][a-z0-9+.-]{1,30}:\/\/[^\s/?#@:]{0,128}:[^\s/?#@]{1,128}@/i

/** By prefix, as documented by each issuer. */
const API_KEYS: readonly RegExp[] = [
  /(?<!\w)(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?!\w)/,
  /(?<!\w)(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36}/,
  /(?<!\w)github_pat_\w{40,82}/,
  /(?<!\w)glpat-[\w-]{20}/,
  /(?<!\w)(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,128}/,
  /(?<!\w)sk-(?:proj-|ant-|svcacct-)?[\w-]{20,200}/,
  /(?<!\w)xox[abeoprs]-[A-Za-z0-9-]{10,250}/,
  /(?<!\w)AIza[\w-]{35}/,
  /(?<!\w)ya29\.[\w-]{20,500}/,
  /(?<!\w)npm_[A-Za-z0-9]{36}/,
  /(?<!\w)pypi-[\w-]{40,300}/,
  /(?<!\w)SG\.[\w-]{22}\.[\w-]{43}/,
  /(?<!\w)hf_[A-Za-z]{30,40}/,
  /(?<!\w)(?:dop|doo)_v1_[a-f0-9]{64}/,
  /(?<!\w)shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}/,
]

/** First characters of the prefixes above and of what is told by other words. */
const HINT =
  /eyJ|-----BEGIN|AKIA|ASIA|ABIA|ACCA|gh[oprsu]_|github_pat_|glpat-|[spr]k[_-]|xox|AIza|ya29|npm_|pypi-|SG\.|hf_|do[op]_|shp|:\/\/|bearer|basic|token/i

export type Secret = 'jwt' | 'private_key' | 'bearer_token' | 'url_credentials' | 'api_key'

/** The secret that stands somewhere in the text, if any. */
export function secretIn(text: string): Secret | undefined {
  if (text.length < 12 || !HINT.test(text)) return undefined
  if (JWT.test(text)) return 'jwt'
  if (PRIVATE_KEY.test(text)) return 'private_key'
  if (URL_CREDENTIALS.test(text)) return 'url_credentials'
  if (API_KEYS.some((pattern) => pattern.test(text))) return 'api_key'
  return BEARER.test(text) ? 'bearer_token' : undefined
}
