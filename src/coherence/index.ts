/** Coherence over a log, or alone where there is none. */
import type { Coherence } from '../core/coherence.js'
import type { Clock } from '../core/contracts.js'
import type { Log } from '../core/log.js'
import { LocalCoherence } from './local-coherence.js'
import { LogCoherence } from './log-coherence.js'

export function coherenceOver(log: Log | undefined, clock: Clock): Coherence {
  return log === undefined ? new LocalCoherence(clock) : new LogCoherence({ log, clock })
}
