/** A policy as its paper tells it, in as few lines as that takes: what bench/hit-ratio compares. */
import type { Load } from '../load.js'

export interface Simulation {
  /** Whether the key was there. If not, it is now, as far as the policy lets it in. */
  request(key: number): boolean
}

export type Simulate = (capacity: number, load: Load) => Simulation
