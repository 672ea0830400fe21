/** Runs `send`; one that throws in place of rejecting is a call that failed all the same. */
export function attempt<T>(send: () => Promise<T>): Promise<T> {
  try {
    return send()
  } catch (error) {
    return Promise.reject(error)
  }
}
