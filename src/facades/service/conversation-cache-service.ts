/** Conversations, which live for as long as their status lets expect that they stay the same. */
import { asItIs } from '../as-it-is.js'
import { FaceOptionCheck } from '../face-options.js'
import { cacheConfig } from './cache-config.js'
import type { CacheService } from './cache-service.js'
import { cacheOf, type ServiceOptions } from './service-options.js'

export interface Conversation {
  id?: string | number | undefined
  /** `completed` ones live for a day, all others for five minutes. */
  status?: string | undefined
  userId?: string | number | undefined
}

const check = new FaceOptionCheck('setConversation')

export class ConversationCacheService {
  readonly #cache: CacheService

  /** Throws OPTION_UNKNOWN or OPTION_INVALID. */
  constructor(options: ServiceOptions = {}) {
    this.#cache = cacheOf('ConversationCacheService', options)
  }

  /**
   * By its `id`, or by one that is given. With a `userId` it has the tag `user:<userId>`. Rejects
   * with OPTION_INVALID for what is no conversation, or has no id.
   */
  setConversation<C extends Conversation & { id: string | number }>(value: C): Promise<boolean>
  setConversation<C extends Conversation>(id: string | number, value: C): Promise<boolean>
  async setConversation(first: Conversation | string | number, second?: Conversation) {
    const isById = typeof first === 'string' || typeof first === 'number'
    const value = (isById ? second : first) as Conversation
    if (typeof value !== 'object' || value === null) {
      throw check.invalid('conversation', value, 'an object')
    }
    const id = isById ? first : value.id
    if (typeof id !== 'string' && typeof id !== 'number') {
      throw check.invalid('id', id, 'a string or a number')
    }
    const { active, completed } = cacheConfig.conversation
    const ttl = value.status === 'completed' ? completed : active
    const tags = value.userId === undefined ? [] : [`user:${value.userId}`]
    return this.#cache.set(`conversation:${id}`, value, { ttl, tags })
  }

  /** `null` for none. */
  getConversation<C = Conversation>(id: string | number): Promise<C | null> {
    return this.#cache.get<C>(`conversation:${id}`)
  }

  async deleteConversation(id: string | number): Promise<boolean> {
    return this.#cache.delete(`conversation:${id}`)
  }

  /** A list of a user's, by a name such as its page. */
  async setUserConversations(
    userId: string | number,
    list: readonly unknown[],
    name: string | number = 'all',
  ): Promise<boolean> {
    const options = { ttl: cacheConfig.conversation.list, tags: [`user:${userId}`] }
    return this.#cache.set(`user-conversations:${userId}:${name}`, list, options)
  }

  getUserConversations<C = Conversation>(
    userId: string | number,
    name: string | number = 'all',
  ): Promise<C[] | null> {
    return this.#cache.get<C[]>(`user-conversations:${userId}:${name}`)
  }

  /** All lists of a user. One round trip. */
  async invalidateUserConversations(userId: string | number): Promise<void> {
    await this.#cache.core.invalidatePattern(`user-conversations:${asItIs(userId)}:*`)
  }
}

export const conversationCacheService = new ConversationCacheService()
