/** The queue of writes in memory, by the suite of all queues. */
import { fakeClock, inProcessStore } from '../../src/testing/index.js'
import { writeQueueSuite } from '../support/write-queue-suite.js'

writeQueueSuite('in process', async () => {
  const clock = fakeClock()
  const store = inProcessStore({ clock })
  store.open({ onUp: () => {}, onDown: () => {} })
  let queues = 0
  return {
    open: () => store.writeQueue!(`queue ${++queues}`, 4),
    openAs: (name, partitions) => store.writeQueue!(name, partitions),
    wallMs: () => clock.wallMs(),
    pass: (ms) => clock.advance(ms),
  }
})
