import { createClient } from '@redis/client'
const url='redis://127.0.0.1:7777'
const bare=createClient({url, commandOptions:{timeout:undefined}}); await bare.connect()
const conc=64,total=400000; let i=0
const mode=process.argv[2]
const get=async k=>JSON.parse(await bare.get(k))
const tm={typeMapping:{36:Buffer}}
const go=async(total)=>{for(let d=0;d<total;d+=conc){ const ps=[]; for(let j=0;j<conc;j++) ps.push(mode==='bare'?get(`100B:${(i++*7)%1024}`):`n::100B:${(i++*7)%1024}`); if(mode==='bare') await Promise.all(ps); else if(mode==='mgetbuf') (await bare.sendCommand(['MGET',...ps],tm)).map(b=>JSON.parse(b.toString('utf8',20))); else (await bare.sendCommand(['MGET',...ps])).map(b=>b.length); }}
await go(total/4)
const c0=process.cpuUsage(), t0=performance.now(); await go(total); const w=performance.now()-t0; const u=process.cpuUsage(c0); console.log(mode,((u.user+u.system)/total).toFixed(3),"us/op", (w*1000/total).toFixed(3),"wall")
await bare.close()
