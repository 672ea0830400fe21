import { createCache } from '../dist/index.js'
import { redis } from '../dist/stores/redis/index.js'
import { createClient, createClientPool } from '@redis/client'
import { Redis } from 'ioredis'
const url='redis://127.0.0.1:7777'
const bare=createClient({url, commandOptions:{timeout:undefined}}); await bare.connect()
const io=new Redis(7777,{enableAutoPipelining:true})
const cacheN=createCache({store:redis({url,driver:'node-redis'}),memory:false,prefix:'n'})
const cacheI=createCache({store:redis({url,driver:'ioredis'}),memory:false,prefix:'n'})
const cacheM=createCache({store:redis({url,driver:'node-redis'}),memory:{maxEntries:1},prefix:'n'})
const mk={ '100B':i=>({id:i,name:'Ann Example',email:'ann@example.com',active:true,age:33,role:'admin',city:'Lug'}),
 '2KB':i=>({id:i,rows:Array.from({length:20},(_,j)=>({id:j,name:'name '+j,email:`user${j}@example.com`,score:j*1.5,active:j%2==0}))}),
 '50KB':i=>({id:i,rows:Array.from({length:520},(_,j)=>({id:j,name:'name '+j,email:`user${j}@example.com`,score:j*1.5,active:j%2==0}))}) }
const K=1024
for (const [n,f] of Object.entries(mk)) {
 for(let i=0;i<K;i++){ const v=f(i); await bare.set(`${n}:${i}`,JSON.stringify(v)); await cacheN.set(`${n}:${i}`,v) }
 const len=JSON.stringify(f(1)).length
 for (const conc of (process.argv[2]??'1,64,512').split(',').map(Number)) {
  if(conc===512&&n==='50KB'){}
  const total = n==='50KB'? 2048 : conc===1? 3000: 30000
  const run=async(get)=>{ let i=0; const t=process.hrtime.bigint(), c0=process.cpuUsage(); for(let d=0;d<total;d+=conc){ const ps=[]; for(let j=0;j<conc;j++) ps.push(get(`${n}:${(i++*7)%K}`)); const r=await Promise.all(ps); for(const x of r) if(!x) throw new Error('miss') } const c=process.cpuUsage(c0); return process.env.CPU? 1/((c.user+c.system)/total) : total/(Number(process.hrtime.bigint()-t)/1e9) }
  const subj={ bare:async k=>JSON.parse(await bare.get(k)), io:async k=>JSON.parse(await io.get(k)), cacheN:k=>cacheN.get(k), cacheI:k=>cacheI.get(k), cacheM:k=>cacheM.get(k)}
  const res={}; for(const s in subj) res[s]=[]
  for(let r=0;r<5;r++) for(const s in subj) try{ res[s].push(await run(subj[s])) }catch(e){res[s].push(NaN)}
  const med=a=>a.sort((x,y)=>x-y)[a.length>>1]
  const m=Object.fromEntries(Object.entries(res).map(([s,a])=>[s,med(a)])); const best=Math.max(m.bare,m.io)
  console.log(n,len,conc,Object.entries(m).map(([s,v])=>`${s} ${(process.env.CPU?(1/v).toFixed(2)+"us":v.toFixed(0))} (${(v/best).toFixed(2)})`).join('  '))
 }
}
console.log(cacheN.stats().total.deadlineHits)
await Promise.all([cacheN.close(),cacheI.close(),cacheM.close(),bare.close(),io.quit()])
