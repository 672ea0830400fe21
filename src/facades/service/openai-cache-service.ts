/** Answers of a model, by the hash of what it was asked. */
import { cacheConfig } from './cache-config.js'
import { type CacheService, cacheService } from './cache-service.js'

export class OpenAICacheService {
  readonly #cache: CacheService

  constructor({ cache = cacheService }: { cache?: CacheService | undefined } = {}) {
    this.#cache = cache
  }

  /** `null` for none. */
  getTranscription<T = unknown>(audioHash: string): Promise<T | null> {
    return this.#cache.get<T>(`openai:transcription:${audioHash}`)
  }

  /** For 30 days. */
  cacheTranscription(audioHash: string, transcription: unknown): Promise<boolean> {
    const { transcription: ttl } = cacheConfig.openai
    return this.#cache.set(`openai:transcription:${audioHash}`, transcription, { ttl })
  }

  /** `null` for none. */
  getAnalysis<T = unknown>(hash: string): Promise<T | null> {
    return this.#cache.get<T>(`openai:analysis:${hash}`)
  }

  /** For ever. */
  cacheAnalysis(hash: string, analysis: unknown): Promise<boolean> {
    return this.#cache.set(`openai:analysis:${hash}`, analysis, {
      ttl: cacheConfig.openai.analysis,
    })
  }
}

export const openAICacheService = new OpenAICacheService()
