/** Replies as the contract of stores has them. */

/** `undefined` in the place of `null`, in the same array. */
export function absentAsUndefined(reply: unknown): readonly (Uint8Array | undefined)[] {
  const values = reply as (Uint8Array | null | undefined)[]
  for (let i = 0; i < values.length; i++) if (values[i] === null) values[i] = undefined
  return values as readonly (Uint8Array | undefined)[]
}
