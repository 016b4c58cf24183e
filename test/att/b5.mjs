import { serve, show, createCache, ve, testing, expresses, sleep, once, net } from './lib.mjs';
const {cachePage,createServer,conditional}=ve;
const [n,express]=expresses[process.argv[2]==='4'?1:0];
console.log(n);
// raw targets & heads
{ const cache=createCache({}); const app=express();
  app.use(cachePage({ttl:60,cache,cacheStatus:'full',staleWhileRevalidate:60,emitTags:{'Surrogate-Key':true,'Cache-Tag':true,'Cache-Groups':true},emitCacheControl:true,tags:r=>['t#'+(decodeURIComponent(r.query.t??'x'))]}));
  app.use((req,res)=>res.send('ok '+req.url));
  const s=await serve(createServer(app));
  const head=b=>b.split('\r\n\r\n')[0].split('\r\n').filter(l=>/^HTTP|cache-status|surrogate|cache-tag|cache-groups|x-/i.test(l)).join(' | ').slice(0,330);
  for (const t of ['/caf\xe9?x=\xff','/%0d%0aX-Evil:1?t=a%0d%0aX-Evil:1','/?t=%22%5c%22,b','/?t=%E2%82%AC%F0%9F%98%80','http://evil/abs','*','//evil/path','/a#frag','/%00','/..%2f..','/?t='+encodeURIComponent('"; stored; x="'),'/\\evil'])
    for (const k of [1,2]) console.log(JSON.stringify(t).slice(0,60),k,head(await s.raw(Buffer.from(`GET ${t} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,'latin1'),500)));
  for (const m of ['OPTIONS','TRACE','PURGE','PROPFIND','QUERY','M-SEARCH','CONNECT']) console.log(m,head(await s.raw(`${m} /caf HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)));
  console.log('1.0',head(await s.raw(`GET /old HTTP/1.0\r\n\r\n`)),head(await s.raw(`GET /old HTTP/1.0\r\n\r\n`)));
  s.close(); }
// hung etc.
{ const clock=new testing.FakeClock(); const cache=createCache({clock}); const app=express(); let mode='ok';
  app.get('/',cachePage({ttl:60,cache,staleWhileRevalidate:600,staleIfError:600,softTimeout:100,hardTimeout:200}),(req,res)=>{ const m=mode; const r=ve.isRefresh?.(req);
    if(m==='twice'){res.send('a');res.end('b');res.send&&queueMicrotask(()=>{try{res.send('c')}catch(e){console.log('  late threw',e.code)}});return}
    if(m==='throwlate'){res.send('tl');throw new Error('late')}
    if(m==='destroysock'){res.socket.destroy();return}
    if(m==='resdestroyerr'){res.destroy(new Error('x'));return}
    if(m==='reqdestroy'){req.destroy(new Error('y'));return}
    if(m==='emit'){res.emit('error',new Error('emitted'));return}
    if(m==='reqemit'){req.emit('error',new Error('remitted'));return}
    if(m==='writeafter'){res.end('wa');res.write('more');setTimeout(()=>{res.write('more2');res.end()},5);return}
    if(m==='reject'){ (async()=>{throw new Error('rej')})().catch(e=>res.destroy()); return}
    if(m==='upgrade'){res.writeHead(101,{Upgrade:'x',Connection:'upgrade'});res.end();return}
    if(m==='early'){res.writeEarlyHints({link:'</a>; rel=preload'});res.writeContinue();res.writeProcessing();res.send('early');return}
    if(m==='assign'){res.detachSocket(res.socket);res.end('x');return}
    if(m==='flush'){res.flushHeaders();setTimeout(()=>res.end('fl'),5);return}
    if(m==='pipe'){req.pipe(res);return}
    if(m==='badhead'){res.setHeader('x','a\nb');return}
    if(m==='badstatus'){res.statusCode=9999;res.end('x');return}
    res.send('ok')});
  app.use((e,q,r,nx)=>{ if(!r.headersSent) r.status(500).send('err '+e.message); else r.destroy()});
  const s=await serve(app);
  for(const m of ['twice','throwlate','destroysock','resdestroyerr','reqdestroy','emit','reqemit','writeafter','reject','upgrade','early','assign','flush','pipe','badhead','badstatus']){
    mode='ok'; await cache.purge({url:'/'}); clock.advance(700000);
    await s.get('/'); clock.advance(61000); mode=m;
    const both=await s.raw('GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /none HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',1500);
    console.log(m,'refresh:',(both.match(/HTTP\/1.1 \d+/g)??[]).join(), 'stats', JSON.stringify(cache.stats().refused));
    mode='ok'; await sleep(20); await cache.purge({url:'/'}); clock.advance(700000); await s.get('/'); mode='ok'; 
    await cache.invalidate({url:'/'}); clock.advance(60000);mode=m; const r=await s.raw('GET / HTTP/1.1\r\nHost: h\r\n\r\n',150); console.log('   standin:',JSON.stringify(r.split('\r\n')[0]),/cache-status: .*/i.exec(r)?.[0]);
  }
  s.close(); }
process.exit(0)
