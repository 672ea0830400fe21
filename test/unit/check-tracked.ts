/** Runs before each file of tests: they share a process, and with it the caches that are tracked. */
import { afterEach } from 'vitest'
import { checkTracked } from './tracked-cache.js'

afterEach(checkTracked)
