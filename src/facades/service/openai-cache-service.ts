/** Answers of a model, by the hash of what it was asked. */
import { cacheConfig } from './cache-config.js'
import type { CacheService } from './cache-service.js'
import { cacheOf, type ServiceOptions } from './service-options.js'

export class OpenAICacheService {
  readonly #cache: CacheService

  /** Throws OPTION_UNKNOWN or OPTION_INVALID. */
  constructor(options: ServiceOptions = {}) {
    this.#cache = cacheOf('OpenAICacheService', options)
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
