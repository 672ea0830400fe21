/** What the rounds found, as text. */
import type { JudgedRound } from './run-behind-proof.js'

const MOST_SHOWN = 10
const MOST_CHARS = 200

export function printBehind(rounds: readonly JudgedRound[]): string {
  const sum = (of: (round: JudgedRound) => number) => rounds.reduce((n, each) => n + of(each), 0)
  const violations = rounds.flatMap((each) => each.violations)
  const faults = count(rounds.flatMap((each) => each.faults))
  const troubles = sum((each) => each.troubles.length)
  const wrong = [...new Set(violations.map(({ seed }) => seed))]
  const again = wrong.slice(0, MOST_SHOWN).map((seed) => `npm run prove -- behind 1 ${seed}`)
  return [
    `${violations.length} violations in ${rounds.length} seeds: ${sum((r) => r.acknowledged)}` +
      ` writes acknowledged, ${sum((r) => r.unknown)} of unknown outcome`,
    `faults: ${faults}; ${troubles} times a queue did not answer or a batch was lost`,
    `given to writers: ${sum((r) => r.deliveries)}, again: ${sum((r) => r.repeats)},` +
      ` by a former holder: ${sum((r) => r.zombies)}`,
    ...violations
      .slice(0, MOST_SHOWN)
      .map(({ kind, seed, key, because }) => `${kind}: seed ${seed}, ${key}: ${because}`)
      .map((line) => line.slice(0, MOST_CHARS)),
    ...again.map((command) => `again: ${command}`),
  ].join('\n')
}

function count(kinds: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts].map(([kind, n]) => `${n} times ${kind}`).join(', ')
}
