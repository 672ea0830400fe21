/**
 * The choice for one size class: a bandit with a budget.
 *
 * A round measures several candidates on one and the same value, so that the value's own luck
 * cancels out between them (common random numbers): the yardstick, which is the first of the list,
 * the leader, and whoever is due (arm.ts), as far as the budget reaches (exploring-budget.ts).
 *
 * Where the data change (drift-watch.ts) all begins anew; what could now be best by its known cost,
 * if it saved every byte, is tried first: optimism in the face of uncertainty.
 */
import { Arm, type Trial } from './arm.js'
import type { Candidate } from './candidate.js'
import { DriftWatch } from './drift-watch.js'
import { ExpectedTime } from './expected-time.js'
import { ExploringBudget } from './exploring-budget.js'
import { type Objective, reachBytes, scoreOf } from './objective.js'

export interface ChoiceContext {
  readonly candidates: readonly Candidate[]
  readonly objective: Objective
  readonly nowMicroseconds: () => number
  /** 0 to 1, 1 excluded. */
  readonly random: () => number
}

export interface CandidateFigures {
  readonly name: string
  /** Stored bytes per raw byte; 1 as long as nothing is known. */
  readonly ratio: number
  /** To compress a KiB and to get it back; 0 as long as nothing is known. */
  readonly microsecondsPerKib: number
  /** Measurements that this rests on. */
  readonly samples: number
}

export interface ClassFigures {
  /** `undefined`: values are left as they are. */
  readonly chosen: string | undefined
  readonly candidates: readonly CandidateFigures[]
  /** Exploring, of all the time that went into compressing. */
  readonly exploringShare: number
}

interface Pick {
  readonly arm: Arm
  /** It is picked for values of at most that size. */
  readonly upToBytes: number
}

/** Of a large value only so much is measured: a round is no pause that a request notices. */
const SLICE_BYTES = 32 * 1024
/** No further candidate is measured on a value that was held up for so long. */
const MAX_ROUND_MICROSECONDS = 2_000
/** Rounds that follow each other as fast as the budget allows: at the start, and after a change. */
const HURRIED_ROUNDS = 24

export class ClassChoice {
  readonly #context: ChoiceContext
  readonly #arms: readonly Arm[]
  /** The first of the list. */
  readonly #yardstick: Arm
  readonly #budget = new ExploringBudget()
  readonly #drift = new DriftWatch()
  /** What a round takes besides measuring. */
  readonly #thought = new ExpectedTime()
  /** The best first. Until something is known, the yardstick. */
  #picks: readonly Pick[]
  /** Of the quickest, in microseconds per byte. */
  #leastCost = 0
  #round = 0
  #hurriedUntilRound = HURRIED_ROUNDS

  constructor(context: ChoiceContext) {
    this.#context = context
    const [first, ...rest] = context.candidates
    this.#yardstick = new Arm(first!, undefined)
    this.#arms = [
      this.#yardstick,
      ...rest.map((candidate) => new Arm(candidate, this.#yardstick.estimate)),
    ]
    this.#picks = [{ arm: this.#yardstick, upToBytes: Number.POSITIVE_INFINITY }]
  }

  choose(rawBytes: number): Candidate | undefined {
    for (const { arm, upToBytes } of this.#picks) if (rawBytes <= upToBytes) return arm.candidate
    return undefined
  }

  record(candidate: Candidate, rawBytes: number, storedBytes: number, microseconds: number): void {
    this.#budget.earn(microseconds)
    if (this.#leader?.candidate !== candidate) return
    if (this.#drift.isMovedBy(storedBytes / rawBytes)) this.#beginAnew()
  }

  sample(bytes: Uint8Array): void {
    // Leaving a value as it is costs nothing: exploring may cost a share of what was not done.
    if (this.#leader === undefined) this.#budget.grant(this.#leastCost * bytes.length)
    if (this.#budget.isRoundDue) this.#playRound(bytes)
  }

  snapshot(): ClassFigures {
    return {
      chosen: this.#leader?.candidate.name,
      candidates: this.#arms.map(({ candidate, estimate }) => ({
        name: candidate.name,
        ratio: 1 - estimate.savedRatio,
        microsecondsPerKib: estimate.microsecondsPerByte * 1024,
        samples: estimate.samples,
      })),
      exploringShare: this.#budget.share,
    }
  }

  get #leader(): Arm | undefined {
    return this.#picks[0]?.arm
  }

  #playRound(bytes: Uint8Array): void {
    const { nowMicroseconds } = this.#context
    const begin = nowMicroseconds()
    const trial: Trial = {
      slice: this.#slice(bytes),
      rawBytes: bytes.length,
      round: this.#round,
      nowMicroseconds,
      yardstickRatio: 0,
      tookMicroseconds: 0,
      chargedMicroseconds: 0,
    }
    const contestants = this.#contestants()
    this.#round++
    for (const arm of contestants) {
      arm.measure(trial)
      if (trial.tookMicroseconds >= MAX_ROUND_MICROSECONDS) break
    }
    if (contestants.length > 0) this.#decide()
    this.#paceNext()
    // Sums of floats: a little below zero where the clock stood still.
    const thought = Math.max(0, nowMicroseconds() - begin - trial.tookMicroseconds)
    this.#budget.spend(trial.chargedMicroseconds + this.#thought.charge(thought))
  }

  /** Any part: the first bytes of a serialized value are often unlike the rest. */
  #slice(bytes: Uint8Array): Uint8Array {
    const spare = bytes.length - SLICE_BYTES
    if (spare <= 0) return bytes
    const start = Math.floor(this.#context.random() * spare)
    return bytes.subarray(start, start + SLICE_BYTES)
  }

  /** The yardstick, the leader, then whoever is due, the quickest first. */
  #lineUp(): Arm[] {
    const regulars = this.#regulars
    const due = this.#arms.filter((arm) => !regulars.includes(arm) && arm.isDue(this.#round))
    due.sort((a, b) => a.expectedMicroseconds - b.expectedMicroseconds)
    return [...regulars, ...due]
  }

  /** Those who are in each round. */
  get #regulars(): Arm[] {
    const leader = this.#leader
    return leader === undefined || leader === this.#yardstick
      ? [this.#yardstick]
      : [this.#yardstick, leader]
  }

  /** Of those who line up, whom the budget reaches; none if that is no contest. */
  #contestants(): readonly Arm[] {
    const lineUp = this.#lineUp()
    const regularCount = this.#regulars.length
    const isFree = lineUp.some((arm) => !arm.isKnown)
    let costMicroseconds = this.#thought.microseconds
    const contestants = lineUp.filter((arm, i) => {
      costMicroseconds += arm.expectedMicroseconds
      const isFreeFor = isFree && (i < regularCount || !arm.isKnown)
      return isFreeFor || this.#budget.affords(costMicroseconds)
    })
    const leader = this.#leader
    const isContest = contestants.some((arm) => arm !== leader && arm.isDue(this.#round))
    return isContest || leader === undefined ? contestants : []
  }

  #decide(): void {
    const { objective } = this.#context
    const former = this.#leader
    const scored = this.#arms.map((arm) => ({
      arm,
      score: scoreOf(objective, arm.estimate, arm === former),
    }))
    const ranked = scored.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score)
    const picks: Pick[] = []
    for (const { arm } of ranked) {
      const upToBytes = reachBytes(objective, arm.estimate, arm === former)
      if (upToBytes > (picks.at(-1)?.upToBytes ?? 0)) picks.push({ arm, upToBytes })
    }
    this.#picks = picks
    this.#leastCost = Math.min(...this.#arms.map((arm) => arm.estimate.microsecondsPerByte))
    if (former !== this.#leader) this.#drift.restart()
    if (former === undefined && this.#leader !== undefined) this.#beginAnew()
    else this.#plan()
  }

  /** Where nothing is worth choosing, or a candidate has not met these data, hopes are compared. */
  #plan(): void {
    const { objective } = this.#context
    const leader = this.#leader
    const known = this.#arms.filter((arm) => arm.isMeasured)
    const met = known.filter((arm) => arm.estimate.samples > 0 || arm === leader)
    const best =
      leader === undefined
        ? Math.max(...known.map((arm) => arm.hope(objective)))
        : Math.max(...met.map((arm) => arm.promise(objective)))
    for (const arm of known) {
      const isSeen = leader !== undefined && arm.estimate.samples > 0
      arm.plan(isSeen ? arm.promise(objective) : arm.hope(objective), best)
    }
  }

  #beginAnew(): void {
    for (const arm of this.#arms) arm.forget(this.#round)
    this.#hurriedUntilRound = this.#round + HURRIED_ROUNDS
    this.#budget.planRound(0, 0)
    this.#plan()
  }

  /** In a hurry the next round waits for its own cost alone, at the start not even for that. */
  #paceNext(): void {
    const lineUp = this.#lineUp()
    if (lineUp.some((arm) => !arm.isKnown)) {
      this.#budget.freeRound()
      return
    }
    let costMicroseconds = this.#thought.microseconds
    for (const arm of lineUp.slice(0, this.#regulars.length + 1)) {
      costMicroseconds += arm.expectedMicroseconds
    }
    const isHurried = this.#round < this.#hurriedUntilRound
    // At random, so that no rhythm of the writer decides on which values rounds are played.
    this.#budget.planRound(costMicroseconds, isHurried ? 0 : 0.5 + this.#context.random())
  }
}
