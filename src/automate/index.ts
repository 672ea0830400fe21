/**
 * The door `cachewright/automate`: jobs that act on a running cache.
 */
export { type JobContext, type RepeatedJob, repeatedJob } from './repeated-job.js'
export type { RepeatedJobOptions } from './repeated-job-options.js'
export {
  type RecordLoader,
  type Warmed,
  type WarmOptions,
  type WarmRecord,
  warm,
} from './warm.js'
