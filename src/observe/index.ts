/** Watchers: they count and tell, they never steer. */
export { CHANNEL_NAME, diagnosticsTap } from './channel.js'
export { KeySampler } from './key-sampler.js'
export { LatencyObserver } from './latency-observer.js'
