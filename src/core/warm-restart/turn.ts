/** Lets the loop turn once: what takes long is done in slices with one of these between any two. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
