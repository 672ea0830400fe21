/**
 * A store as another version of the package would use it: what it writes has another number in its
 * envelopes, and what the version of now has written is of a number that it does not know.
 */
import type {
  LeaseAnswer,
  LeaseRequest,
  Store,
  StoreFill,
  StoreWrite,
} from '../../src/core/contracts.js'

const HEAD_AT = 1
const VERSION_SHIFT = 5
const OURS = 1
const OTHER = 2
const UNKNOWN = 3

export function otherVersion(store: Store): Store {
  const write = <W extends StoreWrite | undefined>(given: W): W =>
    given && { ...given, bytes: renumber(Buffer.from(given.bytes as Uint8Array), OURS, OTHER) }
  const read = <B extends Uint8Array | undefined>(bytes: B): B =>
    bytes && (understand(Buffer.from(bytes)) as unknown as B)
  return new Proxy(store, {
    get(target, name) {
      const own = Reflect.get(target, name) as unknown
      if (typeof own !== 'function') return own
      const call = own.bind(target) as (...args: unknown[]) => Promise<never>
      switch (name) {
        case 'getMany':
          return async (...args: unknown[]) => ((await call(...args)) as Uint8Array[]).map(read)
        case 'leaseMany':
          return async (requests: LeaseRequest[], ...rest: unknown[]) => {
            const raw = requests.map((each) => ({ ...each, unusable: unread(each.unusable) }))
            const answers = (await call(raw, ...rest)) as LeaseAnswer[]
            return answers.map((answer) => ({ ...answer, bytes: read(answer.bytes) }))
          }
        case 'setMany':
          return (writes: StoreWrite[], ...rest: unknown[]) => call(writes.map(write), ...rest)
        case 'fillMany':
          return (fills: StoreFill[]) =>
            call(fills.map((fill) => ({ ...fill, write: write(fill.write) })))
        case 'increment':
          return (key: string, by: number, head: Uint8Array, ...rest: unknown[]) =>
            call(key, by, renumber(Buffer.from(head), OURS, OTHER), ...rest)
        default:
          return call
      }
    },
  })
}

function understand(bytes: Buffer): Buffer {
  const isOther = versionOf(bytes) === OTHER
  return isOther ? renumber(bytes, OTHER, OURS) : renumber(bytes, OURS, UNKNOWN)
}

/** How the bytes lie in the store of which a head was read. */
function unread(head: Uint8Array | undefined): Uint8Array | undefined {
  if (head === undefined) return undefined
  const bytes = Buffer.from(head)
  return versionOf(bytes) === UNKNOWN
    ? renumber(bytes, UNKNOWN, OURS)
    : renumber(bytes, OURS, OTHER)
}

function versionOf(bytes: Buffer): number {
  return bytes[HEAD_AT]! >> VERSION_SHIFT
}

function renumber(bytes: Buffer, from: number, to: number): Buffer {
  if (bytes.length > HEAD_AT && versionOf(bytes) === from) {
    bytes[HEAD_AT] = (to << VERSION_SHIFT) | (bytes[HEAD_AT]! & (2 ** VERSION_SHIFT - 1))
  }
  return bytes
}
