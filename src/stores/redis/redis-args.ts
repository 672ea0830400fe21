/** Values as the arguments of commands. */
import type { StoreWrite } from '../../core/contracts.js'
import { slices } from '../slices.js'
import type { RedisArg, RedisCommand } from './connection.js'
import { EACH_ITS_TTL } from './lease-scripts.js'

/** Keys in one command: more would keep the server from everyone else for milliseconds. */
export const MAX_COMMAND_KEYS = 4_096
/** The most that PX takes without overflow on any clock, and exact as a double: 285 000 years. */
const MAX_TTL_MS = Number.MAX_SAFE_INTEGER

/** `name` with all keys, as commands of a bounded size. */
export function chunked(name: string, keys: readonly string[]): RedisCommand[] {
  return slices(keys, MAX_COMMAND_KEYS).map((slice) => [name, ...slice])
}

export function asArg(bytes: Uint8Array | string): RedisArg {
  return typeof bytes === 'string' ? bytes : asBuffer(bytes)
}

/** Whole milliseconds, rounded up so that nothing is gone early; '' for no limit. */
export function ttlText(ttlMs: number): string {
  if (ttlMs === Number.POSITIVE_INFINITY) return ''
  return String(Math.min(MAX_TTL_MS, Math.max(1, Math.ceil(ttlMs))))
}

/** The same memory, in the class that both clients take as binary. */
export function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** As `SET_MANY` takes them: the writes of a tick mostly have one ttl. */
export function writeArgs(writes: readonly StoreWrite[]): RedisArg[] {
  const [{ ttlMs: common }] = writes as [StoreWrite]
  const isCommon = writes.every(({ ttlMs }) => ttlMs === common)
  const args: RedisArg[] = [isCommon ? ttlText(common) : EACH_ITS_TTL]
  for (const { bytes, ttlMs } of writes) {
    args.push(asArg(bytes))
    if (!isCommon) args.push(ttlText(ttlMs))
  }
  return args
}

export function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&')
}

/** A moment up to which something may be done; '' for ever. */
export function momentText(wallMs = Number.POSITIVE_INFINITY): string {
  return Number.isFinite(wallMs) ? String(Math.ceil(wallMs)) : ''
}
