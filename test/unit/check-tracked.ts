/** Runs before each file of tests: they share a process, and the caches that are tracked in it. */
import { afterEach } from 'vitest'
import { checkTracked } from './tracked-cache.js'

afterEach(checkTracked)
