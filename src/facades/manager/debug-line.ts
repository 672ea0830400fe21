/** The lines that a manager prints in development. It looks at `NODE_ENV` with each call. */
export function debugLine(what: string, fields: () => Readonly<Record<string, unknown>>): void {
  if (process.env.NODE_ENV === 'development') console.debug(`Cache ${what}`, fields())
}
