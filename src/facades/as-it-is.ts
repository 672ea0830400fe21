/** A part of a key as a pattern has it: an id is none. */
export function asItIs(part: string | number): string {
  return String(part).replace(/[\\*?[\]]/g, '\\$&')
}
