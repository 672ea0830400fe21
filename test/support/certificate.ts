/**
 * A self-signed certificate for localhost, made by the openssl command where there is one.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certificate {
  /** Paths, as redis-server wants them. The certificate is its own authority. */
  readonly cert: string
  readonly key: string
  readonly ca: string
  /** The certificate in PEM, as `tls.connect` wants it. */
  readonly pem: string
  remove(): void
}

/** `undefined` where openssl is absent or refuses. */
export function makeCertificate(): Certificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'cachewright-tls-'))
  const key = join(folder, 'key.pem')
  const cert = join(folder, 'cert.pem')
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2']
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const run = spawnSync('openssl', [...request, ...names, '-keyout', key, '-out', cert], {
    timeout: 20_000,
  })
  const remove = () => rmSync(folder, { recursive: true, force: true })
  if (run.status !== 0) {
    remove()
    return undefined
  }
  return { cert, key, ca: cert, pem: readFileSync(cert, 'utf8'), remove }
}
