/**
 * A place in the log as text, for `get(…, { after })`: the epoch, a dot, the number. It may come
 * from a cookie, so any text is taken; what is no place is one that nobody can have reached.
 */
export function tokenOf(epoch: string, seq: number): string {
  return `${epoch}.${seq}`
}

/** The number of a token, whatever its epoch. */
export function seqOf(token: string): number {
  return Number(token.slice(token.lastIndexOf('.') + 1))
}

/** The number of a token of this epoch; `undefined` for another epoch's, and for other text. */
export function seqIn(epoch: string, token: string): number | undefined {
  const dot = token.lastIndexOf('.')
  const seq = seqOf(token)
  return token.slice(0, dot) === epoch && Number.isSafeInteger(seq) ? seq : undefined
}
