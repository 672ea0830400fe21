/** Coherence over a log, or alone where there is none. */
import type { Coherence } from '../core/coherence.js'
import type { Clock } from '../core/contracts.js'
import type { Log } from '../core/log.js'
import { LocalCoherence } from './local-coherence.js'
import { LogCoherence } from './log-coherence.js'

export function coherenceOver(
  log: Log | undefined,
  clock: Clock,
  staleIfDownMs?: number,
): Coherence {
  if (log === undefined) return new LocalCoherence(clock)
  return new LogCoherence({ log, clock, staleIfDownMs })
}
