// Node's tls and https. See README.md.
import { readFileSync } from 'node:fs'
import https from 'node:https'

const [url, ca, version, certificate, key] = process.argv.slice(2)
const own = certificate ? { cert: readFileSync(certificate), key: readFileSync(key) } : {}
const agent = new https.Agent({ keepAlive: false, maxCachedSessions: 4 })

const send = () => new Promise(resolve => {
  const request = https.request(url, {
    agent, method: 'POST', ca: readFileSync(ca), minVersion: `TLSv${version}`, maxVersion: `TLSv${version}`, ...own,
    headers: { 'Content-Type': 'application/json' },
  }, answer => answer.resume().on('end', () => resolve(answer.statusCode)))
  request.on('error', error => resolve(`refused: ${error.message}`))
  request.end('{"messages":["node"]}')
})

for (let i = 0; i < 2; i++) {
  console.log(await send())
  await new Promise(resolve => setImmediate(resolve))
}
