/** Seconds, by what is cached; an application may write to it before it caches. */
export const cacheConfig = {
  user: {
    profile: 3_600,
    sessions: 86_400,
  },
  conversation: {
    active: 300,
    completed: 86_400,
    list: 600,
  },
  openai: {
    transcription: 2_592_000,
    /** For ever. */
    analysis: Number.POSITIVE_INFINITY,
  },
}
