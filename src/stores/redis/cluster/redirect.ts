/**
 * The replies by which a node of a cluster says that it did not execute a command, and what to do
 * about it. They are safe to act on: nothing has happened.
 */
export type Redirect =
  /** The slot has another owner. */
  | { readonly kind: 'moved'; readonly slot: number; readonly address: string }
  /** The slot is on its way there, and so is the key. */
  | { readonly kind: 'ask'; readonly address: string }
  /** Of several keys some are on their way: in a moment all will be. */
  | { readonly kind: 'again' }

const MOVED_OR_ASK = /^(MOVED|ASK) (\d+) (\S*:\d+)/

/** What a failed call was told, `undefined` if it failed in another way. */
export function redirectIn(error: unknown): Redirect | undefined {
  const text = replyText(error)
  if (text.startsWith('TRYAGAIN')) return { kind: 'again' }
  const match = MOVED_OR_ASK.exec(text)
  if (match === null) return undefined
  const [, kind, slot, address] = match as unknown as [string, string, string, string]
  return kind === 'ASK' ? { kind: 'ask', address } : { kind: 'moved', slot: Number(slot), address }
}

function replyText(error: unknown): string {
  if (!(error instanceof Error)) return ''
  return error.cause instanceof Error ? error.cause.message : error.message
}
