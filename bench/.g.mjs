import { redis } from '../dist/stores/redis/index.js'
import { GuardedStore } from '../dist/core/guarded-store.js'
import { systemClock } from '../dist/core/clock.js'
const url='redis://127.0.0.1:7777'
const mode=process.argv[2]
let st=redis({url,driver:'node-redis'}); 
if(mode==='guard') { st=new GuardedStore({store:st,clock:systemClock,random:Math.random,readDeadlineMs:100,writeDeadlineMs:250,observer:{timed(){}},onFailure(){},onDown(){},onUp(){}}); while(await st.ping().then(()=>false,()=>true)) await new Promise(r=>setTimeout(r,20)) }
else await new Promise(r=>st.open({onUp:r,onDown(){}}))
const conc=64,total=400000; let i=0
const go=async(total)=>{for(let d=0;d<total;d+=conc){ const ps=[]; for(let j=0;j<conc;j++) ps.push(`n::100B:${(i++*7)%1024}`); (await st.getMany(ps)).map(b=>JSON.parse(b.toString('utf8',20))) }}
await go(total/4)
const c0=process.cpuUsage(); await go(total); const u=process.cpuUsage(c0); console.log(mode,((u.user+u.system)/total).toFixed(3),'us/op')
await st.close()
