/**
 * The protocol with one mistake each: a simulation that does not find them proves nothing.
 *
 * A bug is planted from outside, in what the tests themselves run: by another answer of the network
 * or the server, or by taking a check out of a class for the time of a run.
 */
import { Acks } from '../../src/coherence/acks.js'
import { LogCoherence } from '../../src/coherence/log-coherence.js'
import { Mirror } from '../../src/coherence/mirror.js'
import type { CoherenceListener } from '../../src/core/coherence.js'
import type { StoreFill } from '../../src/core/contracts.js'
import { isDependencyTag } from '../../src/core/dependency.js'
import type { HeldEntry } from '../../src/core/entry.js'
import { type Flight, Flights } from '../../src/core/flight.js'
import { Invalidations } from '../../src/core/invalidations.js'
import type { FollowReply, Invalidation } from '../../src/core/log.js'
import { StoreClock } from '../../src/core/store-clock.js'
import { Unconfirmed } from '../../src/core/unconfirmed.js'
import { LogData } from '../../src/testing/in-process-log.js'
import { allOf, onLog, replace, withBorn } from './planting.js'
import type { SimLink } from './sim-link.js'

export interface PlantedBug {
  readonly name: string
  /** Done to the network side of each process. */
  readonly onLink?: (link: SimLink) => void
  readonly hasStoppedClock?: boolean
  readonly isOnWallClock?: boolean
  /** Done before the run; returns what undoes it. */
  readonly onClasses?: () => () => void
}

const LOG_NAME = 'cw'
const LOST_RECORDS = 3

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'tags are not checked',
    onClasses: () => {
      const { judge } = Mirror.prototype
      return replace(Mirror.prototype, 'judge', {
        value(this: Mirror, namespace: string, key: string, _tags: unknown, born: number) {
          return judge.call(this, namespace, key, undefined, born)
        },
      })
    },
  },
  {
    name: 'prefixes and the floor are not checked',
    onClasses: () => {
      const { judge } = Mirror.prototype
      return replace(Mirror.prototype, 'judge', {
        value(this: Mirror, _namespace: string, _key: string, tags: string[], born: number) {
          return judge.call(this, 'nowhere', '', tags, Math.max(born, this.floor))
        },
      })
    },
  },
  {
    name: 'fills need no right',
    onLink: (link) => {
      link.fillMany = async (fills: readonly StoreFill[]) => {
        const writes = fills.flatMap(({ write }) => write ?? [])
        await link.setMany(writes)
        return fills.map(() => true)
      }
    },
  },
  {
    name: 'the right is asked for, and not waited for',
    onLink: (link) => {
      const lease = link.leaseMany.bind(link)
      link.leaseMany = async (requests, expiry) => {
        const values = await link.getMany(requests.map(({ key }) => key))
        lease(
          requests.map((each) => ({ ...each, how: 'take' as const })),
          expiry,
        ).catch(() => {})
        return values.map((bytes) => ({ bytes, isLeased: bytes === undefined }))
      }
    },
  },
  {
    name: 'a refused fill stays in memory, and the fence is open',
    onClasses: () => replace(Invalidations.prototype, 'isCurrent', { value: () => true }),
    onLink: (link) => {
      const fill = link.fillMany.bind(link)
      link.fillMany = async (fills) => (await fill(fills)).map(() => true)
    },
  },
  {
    name: 'born is stamped when the value is written',
    onLink: (link) => {
      const fill = link.fillMany.bind(link)
      const log = link.log(LOG_NAME)
      link.fillMany = async (fills) => {
        const { head } = await log.follow({ id: 'probe', applied: -1, leaseMs: 1 })
        const stamped = fills.map(({ write, ...rest }) => {
          return { ...rest, write: write === undefined ? write : withBorn(write, head) }
        })
        return fill(stamped)
      }
    },
  },
  {
    name: 'loads and reads under way are not fenced',
    onClasses: () => {
      const undo = [
        replace(Invalidations.prototype, 'isCurrent', { value: () => true }),
        replace(Invalidations.prototype, 'isReadCurrent', { value: () => true }),
      ]
      return allOf(undo)
    },
  },
  {
    name: 'reads under way are not fenced',
    onClasses: () => replace(Invalidations.prototype, 'isReadCurrent', { value: () => true }),
  },
  {
    name: 'a load is joined that began before its key was invalidated',
    onClasses: () => {
      // Whoever looks for a load to join asks next, and at once, whether it is current.
      let found: Flight | undefined
      const { get } = Flights.prototype
      const { isCurrent } = Invalidations.prototype
      const undo = [
        replace(Flights.prototype, 'get', {
          value(this: Flights, storeKey: string) {
            found = get.call(this, storeKey)
            queueMicrotask(() => {
              found = undefined
            })
            return found
          },
        }),
        replace(Invalidations.prototype, 'isCurrent', {
          value(this: Invalidations, ...call: Parameters<typeof isCurrent>) {
            const isJoining = found?.since === call[2]
            found = undefined
            return isJoining || isCurrent.apply(this, call)
          },
        }),
      ]
      return allOf(undo)
    },
  },
  {
    name: 'what stands in for a load is not held against tags and prefixes again',
    onClasses: () => {
      const { begin } = Flights.prototype
      return replace(Flights.prototype, 'begin', {
        value(this: Flights, flight: Flight) {
          let { previous } = flight
          Object.defineProperty(flight, 'previous', {
            get: () => previous && { ...previous, born: Number.MAX_SAFE_INTEGER },
            set: (held: HeldEntry | undefined) => {
              previous = held
            },
          })
          begin.call(this, flight)
        },
      })
    },
  },
  {
    name: 'memory needs no lease',
    onClasses: () => {
      const { open } = LogCoherence.prototype
      return replace(LogCoherence.prototype, 'open', {
        value(this: LogCoherence, listener: CoherenceListener) {
          const leaseUntilMs = { get: () => Number.POSITIVE_INFINITY, set: () => {} }
          Object.defineProperty(this.guard, 'leaseUntilMs', leaseUntilMs)
          open.call(this, listener)
        },
      })
    },
  },
  { name: 'the lease runs on a clock that stands still with the process', hasStoppedClock: true },
  { name: 'the lease runs on the wall clock', isOnWallClock: true },
  {
    name: 'an old mirror is trusted for what the store has',
    onClasses: () => replace(LogCoherence.prototype, 'isLeased', { get: () => true }),
  },
  {
    name: 'a server is trusted that nobody has asked who it is',
    onClasses: () => replace(LogCoherence.prototype, 'doubtStore', { value: () => {} }),
  },
  {
    name: 'what pushes missed is never read',
    onLink: (link) => {
      onLog(link, (log) => ({
        ...log,
        follow: async (member) => {
          const reply = await log.follow(member)
          return { ...reply, head: member.applied, records: [] }
        },
      }))
    },
  },
  {
    name: 'an old answer extends the lease',
    onLink: (link) => {
      onLog(link, (log) => {
        let last: Promise<FollowReply> | undefined
        return {
          ...log,
          follow: (member) => {
            const older = last
            last = log.follow(member)
            last.catch(() => {})
            return older ?? last
          },
        }
      })
    },
  },
  {
    name: 'the lease is extended before catching up',
    onLink: (link) => {
      onLog(link, (log) => ({
        ...log,
        follow: async (member) => {
          const reply = await log.follow(member)
          const isBehind = reply.head > member.applied && reply.records.length > 0
          return isBehind ? { ...reply, head: member.applied, records: [] } : reply
        },
      }))
    },
  },
  {
    name: 'a server that lost records goes on with their numbers',
    onClasses: () =>
      replace(LogData.prototype, 'beginEpoch', {
        value(this: LogData) {
          this.seq = Math.max(0, this.seq - LOST_RECORDS)
          this.records = this.records.filter(({ seq }) => seq <= this.seq)
        },
      }),
  },
  {
    name: 'a server that lost records raises no floor',
    onClasses: () => {
      const { beginEpoch } = LogData.prototype
      return replace(LogData.prototype, 'beginEpoch', {
        value(this: LogData, epoch: string) {
          const { floor } = this
          beginEpoch.call(this, epoch)
          this.floor = floor
        },
      })
    },
  },
  {
    name: 'freshness is judged by the wall clock of the process',
    onClasses: () => replace(StoreClock.prototype, 'aheadMs', { get: () => undefined }),
  },
  {
    name: 'a set that failed may take place at any time',
    onLink: (link) => {
      const set = link.setMany.bind(link)
      link.setMany = (writes) => set(writes)
    },
  },
  {
    name: 'nobody is waited for',
    onClasses: () => replace(Acks.prototype, 'wait', { value: () => Promise.resolve() }),
  },
  {
    name: 'members confirm what they have not applied',
    onLink: (link) => {
      onLog(link, (log) => ({
        ...log,
        listen: (id, listener) =>
          log.listen(id, {
            ...listener,
            onFilled: (key) => listener.onFilled(key),
            onAck: (from, applied) => listener.onAck(from, applied),
            onListening: () => listener.onListening(),
            onRecord: (epoch, record) => {
              const [to] = record.origin.split('.')
              if (record.wantsAcks) log.ack(to!, id, record.seq).catch(() => {})
              listener.onRecord(epoch, record)
            },
          }),
      }))
    },
  },
  {
    name: 'a log that has just begun is taken to know its members',
    onLink: (link) => {
      onLog(link, (log) => ({
        ...log,
        append: async (...call) => {
          return { ...(await log.append(...call)), epochAgeMs: Number.POSITIVE_INFINITY }
        },
      }))
    },
  },
  {
    name: 'tokens are taken as heard',
    onClasses: () => replace(LogCoherence.prototype, 'hear', { value: async () => true }),
  },
  {
    name: 'what was not confirmed is forgotten',
    onClasses: () => replace(Unconfirmed.prototype, 'repeat', { value: () => {} }),
  },
  {
    name: 'nothing is held off in the store',
    onLink: (link) => {
      const remove = link.deleteMany.bind(link)
      link.deleteMany = (keys) => remove(keys)
    },
  },
  {
    name: 'nothing is held off by number',
    onClasses: () =>
      replace(LogCoherence.prototype, 'appliedAt', {
        value(this: LogCoherence) {
          return this.applied
        },
      }),
  },
  {
    name: 'nobody is told of sets and deletes',
    onLink: (link) => {
      onLog(link, (log) => ({
        ...log,
        append: async (member, invalidations, wantsAcks) => {
          const told = invalidations.filter(({ kind }) => kind !== 'key')
          return log.append(member, told, wantsAcks)
        },
      }))
    },
  },
  {
    name: 'those that depend on a key are not told',
    onLink: (link) => {
      onLog(link, (log) => ({
        ...log,
        append: async (member, invalidations, wantsAcks) => {
          const isTold = (each: Invalidation) => each.kind !== 'tag' || !isDependencyTag(each.tag)
          return log.append(member, invalidations.filter(isTold), wantsAcks)
        },
      }))
    },
  },
  {
    name: 'deleting does not delete',
    onLink: (link) => {
      link.deleteMany = async (keys) => {
        await link.ping()
        return keys.length
      }
    },
  },
  {
    name: 'the record overtakes the delete',
    onLink: (link) => {
      const remove = link.deleteMany.bind(link)
      link.deleteMany = async (keys, holdOffMs) => {
        // Confirmed before it is done.
        void new Promise((resolve) => setImmediate(resolve))
          .then(() => link.ping())
          .then(() => remove(keys, holdOffMs))
          .catch(() => {})
        return keys.length
      }
    },
  },
]
