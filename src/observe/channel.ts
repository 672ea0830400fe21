/**
 * The diagnostics channel of the package: every event of every cache, for tools that hook in from
 * outside (`node:diagnostics_channel`, name `cachewright`). Messages are `{ name, …event }`. Nobody
 * subscribed costs a field read per event; `hit` and `miss` are never published (`cache.on` has
 * them).
 */
import { channel } from 'node:diagnostics_channel'
import type { EventTap } from '../core/events.js'

export const CHANNEL_NAME = 'cachewright'

export const diagnosticsTap: EventTap = channel(CHANNEL_NAME)
