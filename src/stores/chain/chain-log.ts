/**
 * The log of a chain: that of its first store. A record waits for the writes before it, which go to
 * two stores: whoever hears of a delete must find the value in neither.
 */
import type { Log } from '../../core/log.js'
import type { KeyLanes } from '../key-lanes.js'

export function chainLog(log: Log, lanes: KeyLanes): Log {
  return {
    join: (member) => log.join(member),
    follow: (member) => log.follow(member),
    append: (...call) => lanes.run('after writes', () => log.append(...call)),
    ack: (to, id, applied) => log.ack(to, id, applied),
    tagSeqs: (tags) => log.tagSeqs(tags),
    leave: (id) => log.leave(id),
    listen: (id, listener) => log.listen(id, listener),
  }
}
