import { createClient } from '@redis/client'
import { redis } from '../dist/stores/redis/index.js'
const url='redis://127.0.0.1:7777'
const bare=createClient({url, commandOptions:{timeout:undefined}}); await bare.connect()
const st=redis({url,driver:'node-redis'}); await new Promise(r=>st.open({onUp:r,onDown(){}}))
const sti=redis({url,driver:'ioredis'}); await new Promise(r=>sti.open({onUp:r,onDown(){}}))
const tm={typeMapping:{36:Buffer}}
const K=1024
const v=i=>({id:i,name:'Ann Example',email:'ann@example.com',active:true,age:33,role:'admin',city:'Lug'})
for(let i=0;i<K;i++) await bare.set(`r:${i}`,JSON.stringify(v(i)))
const keysOf=(n,c)=>Array.from({length:c},(_,j)=>`r:${((n+j)*7)%K}`)
const S={ 
 'pipelined get+parse': async k=>(await Promise.all(k.map(async x=>JSON.parse(await bare.get(x))))),
 'mget str': async k=>await bare.sendCommand(['MGET',...k]),
 'mget str+parse': async k=>(await bare.sendCommand(['MGET',...k])).map(x=>JSON.parse(x)),
 'mget buf': async k=>await bare.sendCommand(['MGET',...k],tm),
 'mget buf+parse': async k=>(await bare.sendCommand(['MGET',...k],tm)).map(x=>JSON.parse(x.toString('utf8',0))),
 'mget buf+latin1': async k=>(await bare.sendCommand(['MGET',...k],tm)).map(x=>JSON.parse(x.latin1Slice(0))),
 'store.getMany': async k=>await st.getMany(k),
 'store.getMany io': async k=>await sti.getMany(k),
}
for(const c of [1,64,512]){ const rounds=Math.ceil((c===1?5000:60000)/c); const res={}
 for(let r=0;r<5;r++) for(const s in S){ const t=process.hrtime.bigint(); for(let i=0;i<rounds;i++) await S[s](keysOf(i*c,c)); (res[s]??=[]).push(Number(process.hrtime.bigint()-t)/1e3/rounds/c) }
 console.log(c, Object.entries(res).map(([s,a])=>`${s}: ${a.sort((x,y)=>x-y)[2].toFixed(2)}us`).join(' | ')) }
await bare.close(); await st.close(); await sti.close()
