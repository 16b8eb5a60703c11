/** A failure whose message says all there is to say, to whoever started the program: what is not as it must be, and what to do. */
export class ExplainedError extends Error {}
