/**
 * Addresses of several nodes as an option takes them: `'host:port'`, `'host'` for the usual port,
 * `'[::1]:7000'`, or `{ host, port }`.
 */
import { invalidOption } from '../../core/option-reading.js'

export type NodeAddress = string | { readonly host: string; readonly port?: number | undefined }

const NODE = /^(?:\[([^\]\s]+)\]|([^\s:@/[\]]+))(?::(\d{1,5}))?$/
const RANGE = "1 to 64 of 'host:port' or { host, port }"
const MAX_NODES = 64
const MAX_PORT = 65_535

/** As `host:port`. Throws OPTION_INVALID, naming the option. */
export function resolveNodes(name: string, input: unknown, usualPort: number): readonly string[] {
  const isList = Array.isArray(input) && input.length > 0 && input.length <= MAX_NODES
  if (!isList) throw invalidOption('redis', name, input, RANGE)
  return Object.freeze(input.map((node: unknown) => resolveNode(name, node, usualPort)))
}

/** One of them. */
export function resolveNode(name: string, node: unknown, usualPort: number): string {
  const [host, port] = typeof node === 'string' ? split(node) : fields(node)
  const number = port ?? usualPort
  const isPort = Number.isInteger(number) && number >= 1 && number <= MAX_PORT
  if (host === undefined || !isPort) throw invalidOption('redis', name, node, RANGE)
  return `${host}:${number}`
}

function split(node: string): [host: string | undefined, port: number | undefined] {
  const match = NODE.exec(node)
  if (match === null) return [undefined, undefined]
  return [match[1] ?? match[2], match[3] === undefined ? undefined : Number(match[3])]
}

function fields(node: unknown): [host: string | undefined, port: number | undefined] {
  if (typeof node !== 'object' || node === null) return [undefined, undefined]
  const { host, port } = node as { host?: unknown; port?: unknown }
  const isHost = typeof host === 'string' && host !== ''
  const isPort = port === undefined || typeof port === 'number'
  return [isHost && isPort ? host : undefined, port as number | undefined]
}

/** Where to dial the node that the others call by that address. */
export function reachedAt(
  address: string,
  addressMap: ReadonlyMap<string, string>,
): { host: string; port: number } {
  return splitAddress(addressMap.get(address) ?? address)
}

/** Where a node is, as `host:port`; an IPv6 address may stand in brackets. */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return { host, port: Number(address.slice(colon + 1)) }
}
