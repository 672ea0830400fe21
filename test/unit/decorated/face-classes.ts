/**
 * Classes as the documents of the faces decorate them. The tests compile this file in both forms of
 * decorators and run what comes out; the compiler judges it in both as well.
 */
import { CacheClass, type CacheManager, CacheMethod } from '../../../src/facades/manager/index.js'
import {
  Cached,
  CacheNamespace,
  type UnifiedCacheManager,
} from '../../../src/facades/unified/index.js'

/** As `@Cached` stands in the first document. */
function unifiedUsers(cache: UnifiedCacheManager) {
  class Users {
    readonly tenant: string
    calls = 0

    constructor(tenant: string) {
      this.tenant = tenant
    }

    @Cached({
      namespace: CacheNamespace.USER_DATA,
      keyGenerator: (self, userId) => `${self.tenant}:${userId}`,
      ttl: 60,
      cache,
    })
    async getUserData(userId: string): Promise<{ userId: string; calls: number }> {
      return { userId, calls: ++this.calls }
    }

    @Cached({ namespace: 'plain', cache })
    async plain(userId: string): Promise<string> {
      this.calls++
      return `plain ${userId}`
    }
  }
  return Users
}

/** As `@CacheClass` and `@CacheMethod` stand in the fifth. */
function managedUsers(manager: CacheManager) {
  @CacheClass({ namespace: 'userService', defaultTTL: 3_600, manager })
  class UserService {
    calls = 0

    @CacheMethod({ ttl: 1_800, tags: ['users'] })
    async getUser(id: string): Promise<{ id: string; calls: number }> {
      return { id, calls: ++this.calls }
    }

    @CacheMethod({
      ttl: 600,
      keyGenerator: (query, limit) => `search:${JSON.stringify(query)}:${limit}`,
      tags: ['users', 'search'],
    })
    async searchUsers(query: object, limit: number): Promise<unknown> {
      this.calls++
      return { query, limit }
    }

    @CacheMethod()
    async count(): Promise<number> {
      return ++this.calls
    }
  }
  return UserService
}

/** Without a decorator of the class. */
function unmanaged() {
  class Loose {
    calls = 0

    @CacheMethod({ keyGenerator: () => 'loose' })
    async count(): Promise<number> {
      return ++this.calls
    }
  }
  return Loose
}

export const faceClasses = { unifiedUsers, managedUsers, unmanaged }
