/** What the demo and its crowd of visitors say to each other between their processes. */

export type CrowdOrder =
  | {
      readonly order: 'measure'
      readonly baseUrl: string
      readonly visitors: number
      readonly requests: number
    }
  | {
      readonly order: 'warm-up'
      readonly baseUrl: string
      readonly visitors: number
      readonly requests: number
    }
  | { readonly order: 'stroll'; readonly baseUrl: string; readonly visitsPerSecond: number }

export type CrowdNews =
  | { readonly news: 'progress'; readonly answered: number }
  | { readonly news: 'done'; readonly run: CrowdRun }
  | { readonly news: 'failed'; readonly reason: string }

/** One walk through the sequence of visits, as the visitors saw it. */
export interface CrowdRun {
  readonly requests: number
  readonly elapsedMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Over path, status and body of every answer, in the order of the visits. */
  readonly digest: string
  /** The first path whose answer differs from the first run's; `undefined` if none does. */
  readonly differs: string | undefined
}
