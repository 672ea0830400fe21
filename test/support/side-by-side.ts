/**
 * A suite for each case, all of them at once, each with its own tests in turn: for tests that
 * mostly wait for a server of their own. What they share is the process, so none may patch a class
 * or count what the process does.
 */
import { describe } from 'vitest'

export function sideBySide<T>(cases: readonly T[], title: string, define: (each: T) => void): void {
  describe.concurrent.each(cases)(title, (each) => {
    describe.sequential('in turn', () => define(each as T))
  })
}
