import { createCache } from '../dist/index.js'
import { redis } from '../dist/stores/redis/index.js'
const url='redis://127.0.0.1:7777'
const size=process.argv[2]??'100B', conc=+(process.argv[3]??64), total=+(process.argv[4]??400000)
const c=createCache({store:redis({url,driver:'node-redis'}),memory:process.argv[5]==='m'?{maxEntries:512}:false,prefix:'n'})
while((await c.health()).status!=="ok") await new Promise(r=>setTimeout(r,20))
let i=0
const go=async(total)=>{for(let d=0;d<total;d+=conc){ const ps=[]; for(let j=0;j<conc;j++) ps.push(c.get(`${size}:${(i++*7)%1024}`)); await Promise.all(ps) }}
await go(total/4)
const c0=process.cpuUsage(), t0=performance.now(); await go(total); const w=performance.now()-t0; const u=process.cpuUsage(c0); console.log(((u.user+u.system)/total).toFixed(3),"us/op", (w*1000/total).toFixed(3),"wall", c.stats().total.storeHits)
await c.close()
