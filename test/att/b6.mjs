// pathological work, options
import { serve, show, createCache, ve, testing, expresses, sleep, once, net,http } from './lib.mjs';
const {cachePage,createServer,conditional,varyOn,cacheControl,loader}=ve;
const express=expresses[0][1];
{ const cache=createCache({}); const app=express(); app.use(cachePage({ttl:60,cache,honourRequest:['max-age','min-fresh','no-cache','max-stale','only-if-cached','no-store']})); app.use((q,r)=>{r.set('Vary','x-v');r.send('x'.repeat(1000))});
  const srv=http.createServer({maxHeaderSize:1<<20},app); const s=await serve(srv);
  await s.get('/');
  const time=async(l,h,p='/')=>{await s.get(p,h); const t=process.cpuUsage().user; for(let i=0;i<20;i++)await s.get(p,h); console.log(l,((process.cpuUsage().user-t)/20/1000).toFixed(2),'ms cpu')};
  const big=15000;
  await time('plain',{});
  await time('inm list',{'if-none-match':'"a", '.repeat(big/5)+'"z"'});
  await time('inm quotes',{'if-none-match':'"'.repeat(big)});
  await time('inm commas',{'if-none-match':','.repeat(big)});
  await time('inm W/',{'if-none-match':'W/'.repeat(big/2)});
  await time('cc commas',{'cache-control':','.repeat(big)});
  await time('cc quotes',{'cache-control':'a="'.repeat(big/3)});
  await time('cc many',{'cache-control':'max-age=1,'.repeat(big/10)});
  await time('cc fields',{'cache-control':'private="a,b",'.repeat(big/14)});
  await time('range commas',{range:'bytes='+',0-1'.repeat(big/4)});
  await time('range sp',{range:'bytes='+' '.repeat(big)+'0-1'});
  await time('if-range',{range:'bytes=0-1','if-range':'"'+'a'.repeat(big)+'"'});
  await time('ims',{'if-modified-since':'Wed, '.repeat(big/5)});
  await time('vary',{'x-v':'a'.repeat(big)});
  await time('query &',{},'/?'+'&'.repeat(14000)); await time('query a=',{},'/?'+'a=1&'.repeat(3700)); await time('query [',{},'/?'+'a'+'[b]'.repeat(4000)); await time('query %',{},'/?'+'%41='.repeat(3700)); await time('query [[ ',{},'/?'+'['.repeat(14000)); await time('query [[& ',{},'/?'+('['.repeat(140)+'&').repeat(99)); await time('query ] ',{},'/?'+('[['+'x'.repeat(140)+'&').repeat(99));
  await time('path //',{},'/'.repeat(14000));await time('path a/',{},'/a'.repeat(7000));
  console.log(cache.stats().bytes); await cache.invalidate({path:'/a/'}); await time('path a/ after inval',{},'/a'.repeat(7000)); await time('path a/ hit',{},'/a'.repeat(7000));
  const t=process.cpuUsage().user; cache.explain?.('/'); 
  s.close(); }
