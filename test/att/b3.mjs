// guard bypass hunt: ways for handler to read cookie / identity; reports stored ones
import { serve, show, createCache, ve, testing, expresses, sleep, once } from './lib.mjs';
import util from 'node:util'; import {EventEmitter} from 'node:events'; import {AsyncResource} from 'node:async_hooks';
const {cachePage}=ve;
const reads={
 cookie:r=>r.headers.cookie, get:r=>r.get('cookie'), raw:r=>r.rawHeaders[1], distinct:r=>r.headersDistinct.cookie,
 resreq:(r,s)=>s.req.headers.cookie, proto:r=>Object.create(r).headers.cookie, destr:({headers:{cookie}})=>cookie,
 reflect:r=>Reflect.get(r.headers,'cookie'), entries:r=>Object.entries(r.headers).length, assign:r=>Object.assign({},r.headers).cookie,
 upper:r=>r.headers['Cookie'], map:r=>new Map(Object.entries(r.headers)).get('cookie'), Headers:r=>new Headers(r.headers).get('cookie'),
 rawslice:r=>r.rawHeaders.slice().join(), rawlen:r=>r.rawHeaders.length, rawjoin:r=>r.rawHeaders.join(), rawspread:r=>[...r.rawHeaders][1],
 socketparser:r=>r.socket.parser?.incoming?.headers?.cookie, parserinc:r=>r.socket.parser?.incoming===r, httpmsg:r=>r.socket._httpMessage?.req?.headers.cookie,
 symbolheaders:r=>{const k=Object.getOwnPropertySymbols(r).find(s=>s.description==='kHeaders'); return r[k]?.cookie},
 symbolraw:r=>{const k=Object.getOwnPropertySymbols(r).find(s=>s.description==='kHeadersDistinct'); return r[k]?.cookie},
 symheaderscount:r=>{const k=Object.getOwnPropertySymbols(r).find(s=>s.description==='kHeadersCount'); return r[k]},
 ip:r=>r.ip, ips:r=>r.ips.join(), addr:r=>JSON.stringify(r.socket.address()), peer:r=>r.socket._peername?.address, getpeer:r=>r.socket._getpeername?.().address, 
 httpv:r=>r.httpVersion, trailers:r=>JSON.stringify(r.trailers), is:r=>r.is('html'), accepts:r=>r.accepts('html','json'), fresh:r=>r.fresh, stale:r=>r.stale, xhr:r=>r.xhr, range:r=>JSON.stringify(r.range(10)), signed:r=>r.signedCookies, 
 bytes:r=>r.socket.bytesRead, bytesw:r=>r.socket.bytesWritten, fd:r=>r.socket._handle?.fd, timeout:r=>r.socket.timeout, keep:(r,s)=>s.shouldKeepAlive,
 userown:r=>r.account, pub:r=>'x', tostr:r=>String(r.headers), inspect:r=>util.inspect(r.headers), inspectreq:r=>util.inspect(r,{depth:1}).length, json:r=>JSON.stringify(r.headers),
 getown:r=>Object.getOwnPropertyDescriptor(r,'headers')?.value?.cookie, protoget:r=>{const d=Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Object.getPrototypeOf(Object.getPrototypeOf(r)))??{},'headers');return d?.get?.call(r)?.cookie},
 ex:r=>r.expect, hostname:r=>r.hostname, host:r=>r.headers.host, secure:r=>r.secure, xfh:r=>r.get('x-forwarded-host'), bodylen:r=>r.headers['content-length'], ctype:r=>r.headers['content-type'],
 te:r=>r.headers.te, conn:r=>r.headers.connection, ims:r=>r.headers['if-none-match'], cc:r=>r.headers['cache-control'], priority:r=>r.headers.priority, expect:r=>r.headers.expect, maxf:r=>r.headers['max-forwards'], date:r=>r.headers.date, via:r=>r.headers.via, xreq:r=>r.headers['x-request-id'], upgrade:r=>r.headers.upgrade, wskey:r=>r.headers['sec-websocket-key'], keepalive:r=>r.headers['keep-alive'], cdnloop:r=>r.headers['cdn-loop'], trace:r=>r.headers.traceparent, ray:r=>r.headers['cf-ray'],
 host2:r=>r.headersDistinct?.host?.length,
};
for (const [n,express] of expresses){ for(const [k,f] of Object.entries(reads)){
  const app=express(); app.use((q,s,nx)=>{ if(q.headers.cookie) q.account='acc-'+q.headers.cookie; nx()});
  app.get('/',cachePage({ttl:60,cache:createCache({})}),(q,s)=>{let v; try{v=f(q,s)}catch(e){v='ERR '+e.message} s.send('v='+v)});
  const s=await serve(app);
  const H={cookie:'u=alice','x-forwarded-for':'1.1.1.1','x-forwarded-host':'evil',te:'alice',connection:'keep-alive, alice','if-none-match':'"alice"','cache-control':'alice',priority:'alice','max-forwards':'1234',date:'alice',via:'alice','x-request-id':'alice','sec-websocket-key':'alice-ws','keep-alive':'alice','cdn-loop':'alice',traceparent:'alice-tp','cf-ray':'alice-ray','x-requested-with':'xmlhttprequest','content-type':'alice/x'};
  const a=await s.get('/',H); const b=await s.get('/',{cookie:'u=bob'}); 
  if(/; hit/.test(b.cs) ) console.log(n,k,'HIT b=',b.t.slice(0,60),'a=',a.t.slice(0,60));
  s.close();
}}
process.exit(0)
