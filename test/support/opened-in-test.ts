/** A store for the length of one test: closed when that has ended, however it did. */
import { onTestFinished } from 'vitest'
import type { Store } from '../../src/core/contracts.js'
import { type WatchedStore, watched } from './watched-store.js'

export function openedInTest(store: Store): WatchedStore {
  onTestFinished(() => store.close())
  return watched(store)
}
