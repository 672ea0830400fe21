/** Steps into a value as a person would write them, cut to what a message can bear. */
const SHOWN_CHARS = 256

export function showPath(path: readonly (string | number)[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
  return `value${steps.join('').slice(0, SHOWN_CHARS)}`
}
