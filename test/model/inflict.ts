/**
 * What goes wrong with the store, by step, and what the judge may then no longer ask for.
 *
 * Damage is such that no other value can come of it: bytes cut short, of somebody else, or of a
 * version to come. A flipped bit inside a payload can make a valid other value, and a number cut
 * short is a number: nothing but a checksum would tell, so neither is tried here.
 */

import { encodeKey } from '../../src/core/key.js'
import type { StoreOp } from '../../src/testing/index.js'
import { entryCodec } from '../support/entry-codec.js'
import type { Damage, FaultStep, Step } from './steps.js'
import type { World } from './world.js'

const READS: readonly StoreOp[] = ['getMany', 'scan']
const WRITES: readonly StoreOp[] = ['setMany', 'deleteMany', 'patch', 'increment']
/** Longer than any deadline. */
const DELAY_MS = 300
/** What is left of an envelope whose payload is gone. */
const ENVELOPE_REST_BYTES = 12
/** The version stands in the upper bits of the second byte. */
const ONE_VERSION = 0x20

export function isFault(step: Step): step is FaultStep {
  return ['fault', 'heal', 'down', 'up', 'damage'].includes(step.verb)
}

export async function inflict(world: World, step: FaultStep): Promise<void> {
  const { faults, judge } = world
  if (faults === undefined) return
  world.faulted = true
  // So that what follows begins between two ticks and not in the middle of one.
  await world.clock.settle()
  switch (step.verb) {
    case 'heal':
      faults.heal()
      break
    case 'down':
      faults.announceDown()
      break
    case 'up':
      faults.announceUp()
      break
    case 'damage':
      await harm(world, `cw:${step.ns}:${encodeKey(step.key, 'hash')}`, step)
      break
    case 'fault': {
      const { fault, on, ratio } = step
      // A write that lands late, or never though it was confirmed, leaves an older value in place.
      const isOrderLost = fault === 'delay' || fault === 'hang' || fault === 'drop'
      if (isOrderLost && on !== 'reads') judge.fencing = false
      const ops = on === 'reads' ? READS : on === 'writes' ? WRITES : undefined
      const kind = fault === 'delay' ? { kind: fault, delayMs: DELAY_MS } : { kind: fault }
      faults.inject(kind, ops === undefined ? { ratio } : { ratio, ops })
    }
  }
  await world.clock.settle()
}

async function harm(
  world: World,
  storeKey: string,
  { damage, at }: { damage: Damage; at: number },
): Promise<void> {
  const data = world.data!
  const [bytes] = await data.getMany([storeKey])
  if (bytes === undefined) return
  const harmed = damaged(bytes, damage, at)
  await data.setMany([{ key: storeKey, bytes: harmed, ttlMs: Number.POSITIVE_INFINITY }])
}

function damaged(bytes: Uint8Array, damage: Damage, at: number): Uint8Array {
  switch (damage) {
    case 'empty':
      return new Uint8Array(0)
    case 'foreign':
      return Buffer.from('{"a":"document of somebody else"}')
    case 'version': {
      const later = bytes.slice()
      later[1] = later[1]! + ONE_VERSION
      return later
    }
    case 'truncated': {
      const entry = entryCodec().decodeNow(bytes)
      const isNumber = typeof entry === 'object' && typeof entry.value === 'number'
      return bytes.subarray(0, at % (isNumber ? ENVELOPE_REST_BYTES : bytes.length))
    }
  }
}
