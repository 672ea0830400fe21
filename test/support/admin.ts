/** Commands to real servers by their ports, over a connection to each that is kept. */
import { createClient } from '@redis/client'

const LIMIT_MS = 5_000
type Client = ReturnType<typeof connectTo>
const clients = new Map<number, Client>()

/** Replies as RESP 2 gives them, strings decoded. Rejects where the server is away, or silent. */
export async function command(port: number, args: readonly string[]): Promise<unknown> {
  const client = await clientOf(port)
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      forget(port)
      reject(new Error(`port ${port} did not answer ${args[0]}`))
    }, LIMIT_MS)
  })
  try {
    return await Promise.race([client.sendCommand([...args]), silence])
  } finally {
    clearTimeout(timer)
  }
}

/** Ends what is kept open to these servers: others may be spoken to by others. */
export function endCommands(servers: readonly { readonly port: number }[]): void {
  for (const { port } of servers) forget(port)
}

async function clientOf(port: number): Promise<Client> {
  const known = clients.get(port)
  if (known?.isReady === true) return known
  forget(port)
  const client = connectTo(port)
  client.on('error', () => forget(port))
  await client.connect()
  clients.set(port, client)
  client.unref()
  return client
}

function connectTo(port: number) {
  return createClient({
    RESP: 2,
    disableOfflineQueue: true,
    socket: { host: '127.0.0.1', port, reconnectStrategy: false, connectTimeout: 1_000 },
  })
}

function forget(port: number): void {
  const client = clients.get(port)
  clients.delete(port)
  try {
    client?.destroy()
  } catch {
    // It was closed already.
  }
}
