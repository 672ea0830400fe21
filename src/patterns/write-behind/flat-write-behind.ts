/**
 * Write-behind by flat keys: a queue for each namespace that is written to, made when it is, so
 * that what waits is found where plain reads of the key look.
 *
 * Bounded: as many queues as there are namespaces.
 */
import type { FlatPlace } from '../flat-keys.js'
import type { UntilOptions, WriteBehind } from './write-behind.js'

type Behind = WriteBehind<string, unknown>

export class FlatWriteBehind {
  readonly #make: (place: FlatPlace) => Behind
  readonly #bySpace = new Map<FlatPlace['space'], Behind>()

  /** `make` throws OPTION_UNKNOWN or OPTION_INVALID, and so do the calls that come upon it. */
  constructor(make: (place: FlatPlace) => Behind) {
    this.#make = make
  }

  of(place: FlatPlace): Behind {
    const known = this.#bySpace.get(place.space)
    if (known !== undefined) return known
    const behind = this.#make(place)
    this.#bySpace.set(place.space, behind)
    return behind
  }

  /** As `drain` of each. */
  async drain(options: UntilOptions): Promise<boolean> {
    const drained = [...this.#bySpace.values()].map((behind) => behind.drain(options))
    return (await Promise.all(drained)).every((isEmpty) => isEmpty)
  }

  /** Never rejects. */
  async stop(): Promise<void> {
    await Promise.all([...this.#bySpace.values()].map((behind) => behind.stop()))
  }
}
