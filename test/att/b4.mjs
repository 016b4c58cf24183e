import { http, serve, show, createCache, ve, testing, expresses, sleep, once } from './lib.mjs';
const {cachePage,createServer,conditional}=ve;
const R=n=>Math.floor(Math.random()*n);
for (const [n,express] of expresses) for (const profile of ['view','origin']) for (const early of [false,true]) for (const rev of ['background','leader']) {
  const cache=createCache({}); const app=express(); let version=1; let runs=0;
  const opts={cache,staleWhileRevalidate:2,staleIfError:1,earlyRefresh: profile==='view'?'30ms':undefined,softTimeout:'15ms',hardTimeout:'60ms',revalidate:rev,ttl:profile==='view'?'80ms':'origin',tags:()=>['t'],revalidateFor:60,...(early?{beforeMiddleware:true}:{})};
  if(profile!=='view') delete opts.earlyRefresh;
  app.get('/',cachePage(opts),async(req,res)=>{ runs++; const v=version; await sleep(R(30)); 
    if (R(20)===0) {res.statusCode=503; return res.end('fail')}
    if (R(30)===0) return res.destroy();
    if(profile==='origin') res.set('Cache-Control','max-age='+(R(2)));
    const etag=`"v${v}"`; res.set('ETag',etag); 
    if(R(3)===0) await sleep(R(10));
    if (req.headers['if-none-match']===etag) {res.statusCode=304; return res.end()}
    if (R(3)===0){res.write('v'); await sleep(R(10)); return res.end(String(v))}
    res.send('v'+v)});
  app.use((e,q,s,nx)=>{s.destroyed||s.headersSent||s.status(500).end()});
  const s=await serve(createServer(app)); const agent=new http.Agent({keepAlive:true,maxSockets:50});
  let min=1,bad=0,total=0,kinds={};
  const ask=()=>new Promise(r=>{const start=min; const method=R(6)===0?'HEAD':'GET'; const headers={}; if(R(4)===0) headers['if-none-match']=`"v${start-1||1}"`; if(R(10)===0) headers.range='bytes=0-10';if(R(10)===0) headers.authorization='x';
    const q=http.request({port:s.port,agent,method,headers},m=>{let b='';m.on('data',c=>b+=c);m.on('error',r);m.on('end',()=>{total++;const k=m.statusCode+' '+(m.headers['cache-status']??'').replace(/ttl=[-\d]+/,'ttl');kinds[k]=(kinds[k]??0)+1; const et=/v(\d+)/.exec(m.headers.etag??''); const v=/v(\d+)/.exec(b);
      const stand=/fwd=stale/.test(m.headers['cache-status']??'')&&!/fwd-status=304|stored/.test(m.headers['cache-status'])  ;
      if((v&&+v[1]<start)||(et&&+et[1]<start&&m.statusCode!==412)){ if(!/fwd=stale/.test(m.headers['cache-status']??'')||process.env.ALL) {bad++; if(bad<4)console.log('STALE',method,m.statusCode,b,m.headers.etag,'start',start,m.headers['cache-status'],m.headers['cache-control'],JSON.stringify(headers))}} r()})}); q.on('error',r); q.end()});
  const end=Date.now()+2500;
  const inval=(async()=>{while(Date.now()<end){await sleep(R(60)); const v=++version; R(2)?await cache.invalidate({tags:['t']}):R(2)?await cache.invalidate({url:'/'}):await cache.invalidate({tags:['t']},{mode:'purge'}).catch(()=>cache.invalidate({tags:['t']})); min=Math.max(min,v);}})();
  await Promise.all([inval,...Array.from({length:12},async()=>{while(Date.now()<end){await ask(); await sleep(R(8))}})]);
  console.log(n,profile,early?'early':'',rev,{total,bad,runs},cache.stats().hits); if(process.env.K)console.log(kinds);
  agent.destroy(); s.close();
}
process.exit(0)
