/** What of the options is given: an `undefined` erases nothing. */
export function known<O extends object>(options: O): O {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as O
}
