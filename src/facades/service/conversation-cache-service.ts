/** Conversations, which live for as long as their status lets expect that they stay the same. */
import { cacheConfig } from './cache-config.js'
import { type CacheService, cacheService } from './cache-service.js'

export interface Conversation {
  id?: string | number | undefined
  /** `completed` ones live for a day, all others for five minutes. */
  status?: string | undefined
  userId?: string | number | undefined
}

export class ConversationCacheService {
  readonly #cache: CacheService

  constructor({ cache = cacheService }: { cache?: CacheService | undefined } = {}) {
    this.#cache = cache
  }

  /** By its `id`, or by one that is given. With a `userId` it has the tag `user:<userId>`. */
  setConversation<C extends Conversation & { id: string | number }>(value: C): Promise<boolean>
  setConversation<C extends Conversation>(id: string | number, value: C): Promise<boolean>
  async setConversation(first: Conversation | string | number, second?: Conversation) {
    const value = second ?? (first as Conversation)
    const id = second === undefined ? value.id : first
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
    await this.#cache.core.invalidatePattern(`user-conversations:${escaped(userId)}:*`)
  }
}

export const conversationCacheService = new ConversationCacheService()

/** An id is no pattern. */
function escaped(id: string | number): string {
  return String(id).replace(/[\\*?[\]]/g, '\\$&')
}
