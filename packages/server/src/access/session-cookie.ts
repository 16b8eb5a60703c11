/** The header that sets the cookie of a session, and the one it comes back in. */

const NAME = 'deponent_session'

/** Over TLS the browser itself sees to it that no other host and no unprotected page can have set it. */
function nameOf(isSecure: boolean): string {
  return isSecure ? `__Host-${NAME}` : NAME
}

/** `Set-Cookie` with the value of a session. It goes when the browser is closed, or with the session. */
export function setSessionCookie(value: string, isSecure: boolean): string {
  return `${nameOf(isSecure)}=${value}; Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
}

/** `Set-Cookie` that makes the browser forget it. */
export function clearSessionCookie(isSecure: boolean): string {
  return `${setSessionCookie('', isSecure)}; Max-Age=0`
}

/**
 * The value of the session's cookie in a `Cookie` header. Undefined when it is not there, or there twice: cookies of one name are
 * told apart by nothing, so that somebody else's could be taken for the one that was set here.
 */
export function sessionCookieOf(header: string | null | undefined, isSecure: boolean): string | undefined {
  const prefix = `${nameOf(isSecure)}=`
  const found = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(prefix))
  return found.length === 1 ? found[0]!.slice(prefix.length) : undefined
}
