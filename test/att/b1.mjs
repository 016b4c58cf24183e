import { serve, show, createCache, ve, testing, expresses, sleep } from './lib.mjs';
const {cachePage,isRefresh}=ve; 
for (const [n,express] of expresses){
  { // B
    console.log('--',n,'client in refresh');
    const clock=new testing.FakeClock(); const cache=createCache({clock});
    const app=express(); let mode='plain';
    app.get('/', cachePage({ttl:60,staleWhileRevalidate:60,cache}), (req,res)=>{ if(mode==='addr'){res.send('addr '+req.client.remoteAddress);} else if(mode==='destroy'){ req.client.destroy(); res.send('x');} else res.send('plain')});
    const s=await serve(app);
    show('1',await s.get('/')); clock.advance(61000); mode='addr';
    show('2 stale',await s.get('/')); await sleep(50); show('3 after',await s.get('/'));
    mode='plain'; await cache.invalidate({url:'/'}); show('4',await s.get('/')); clock.advance(61000); mode='destroy';
    const k=s.raw('GET / HTTP/1.1\r\nHost: a\r\n\r\n',100); console.log((await k).slice(-30));
    await cache.invalidate({url:'/'});mode='plain'; show('5',await s.get('/')); clock.advance(61000); mode='destroy';
    show('6',await s.get('/')); await sleep(50); show('7',await s.get('/nothing'));
    s.close();
  }
  { // C
    console.log('--',n,'HEAD + placeholders');
    const clock=new testing.FakeClock(); const cache=createCache({clock});
    const app=express(); let i=0;
    app.use((req,res,next)=>{res.locals.nonce='nonce0123456789abcdef'+(i++);res.setHeader('Content-Security-Policy',`script-src 'nonce-${res.locals.nonce}'`);next()});
    app.get('/', cachePage({ttl:'origin',staleIfError:600,cache,placeholders:{nonce:(q,r)=>r.locals.nonce}}), (req,res)=>{res.setHeader('Last-Modified','Wed, 01 Jan 2020 00:00:00 GMT');res.setHeader('Cache-Control','max-age=60');res.type('html'); if(req.method==='HEAD') return res.end(); res.write(`<script nonce="${res.locals.nonce}">`);res.end('x')});
    const s=await serve(app);
    show('1',await s.get('/')); show('2',await s.get('/')); clock.advance(61000); show('HEAD',await s.get('/',{},'HEAD')); show('3',await s.get('/'));
    s.close();
  }
}
process.exit(0)
