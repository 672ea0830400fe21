import { describe, expect, test } from 'vitest'
import { ensureRedis, type Machine } from '../../scripts/ensure-redis.js'

interface Fake extends Machine {
  readonly commands: string[]
}

interface Circumstances extends Partial<Machine> {
  /** The commands that succeed, by how they begin. */
  readonly knows?: readonly string[]
  /** The service that runs before, and after something was installed. */
  readonly pidBefore?: number
  readonly pidAfter?: number
}

/** A machine without redis-server; installing through a known command makes it appear. */
function fakeMachine(circumstances: Circumstances = {}): Fake {
  const { knows = [], pidBefore, pidAfter, ...rest } = circumstances
  const commands: string[] = []
  let isInstalled = false
  return {
    commands,
    platform: 'linux',
    isRoot: true,
    find: () => (isInstalled ? '/usr/bin/redis-server' : undefined),
    run(command) {
      const line = command.join(' ')
      commands.push(line)
      const succeeds = knows.some((known) => line.includes(known))
      if (succeeds && / install /.test(line)) isInstalled = true
      return succeeds
    },
    servicePid: () => (isInstalled ? pidAfter : pidBefore),
    ...rest,
  }
}

test('a server that is there is used, and nothing runs', () => {
  const machine = fakeMachine({ find: () => '/opt/redis-server' })
  expect(ensureRedis(machine)).toEqual({ path: '/opt/redis-server' })
  expect(machine.commands).toEqual([])
})

describe('on Debian', () => {
  test('root installs it and leaves a service that ran before alone', () => {
    const machine = fakeMachine({ knows: ['apt-get'], pidBefore: 7, pidAfter: 8 })
    expect(ensureRedis(machine)).toEqual({ path: '/usr/bin/redis-server' })
    const apt = 'env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get'
    expect(machine.commands).toEqual([
      'apt-get --version',
      `${apt} update`,
      `${apt} install -y --no-install-recommends redis-server`,
    ])
  })

  test('a service that came with it is stopped, with and without systemd', () => {
    const machine = fakeMachine({ knows: ['apt-get'], pidAfter: 8 })
    ensureRedis(machine)
    expect(machine.commands.slice(-2)).toEqual(['systemctl disable --now redis-server', 'kill 8'])
  })

  test('another user goes through sudo when it asks nothing', () => {
    const machine = fakeMachine({ isRoot: false, knows: ['apt-get', 'sudo -n true'] })
    expect(ensureRedis(machine)).toEqual({ path: '/usr/bin/redis-server' })
    expect(machine.commands).toContain(
      'sudo -n env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get update',
    )
  })

  test('without root and sudo nothing is tried, and the message tells what to do', () => {
    const machine = fakeMachine({ isRoot: false, knows: ['apt-get'] })
    const outcome = ensureRedis(machine)
    expect(outcome).toEqual({ problem: expect.stringContaining('REDIS_SERVER_BIN') })
    expect(machine.commands).toEqual(['apt-get --version', 'sudo -n true'])
  })
})

test('macOS installs it with brew', () => {
  const machine = fakeMachine({ platform: 'darwin', knows: ['brew'] })
  expect(ensureRedis(machine)).toEqual({ path: '/usr/bin/redis-server' })
  expect(machine.commands).toEqual(['brew install redis'])
})

test('an installation that fails, or an unknown system, ends in advice', () => {
  for (const platform of ['linux', 'darwin', 'win32']) {
    expect(ensureRedis(fakeMachine({ platform }))).toHaveProperty('problem')
  }
})
