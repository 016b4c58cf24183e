import http from 'node:http'; import net from 'node:net'; import {once} from 'node:events';
import express5 from 'express'; import express4 from 'express4';
import { createCache } from '@viewcache/core';
import * as testing from '@viewcache/core/testing';
import * as ve from '@viewcache/express';
export { http, net, once, createCache, ve, testing };
export const expresses=[['e5',express5],['e4',express4]];
process.on('unhandledRejection',e=>console.log('!! UNHANDLED',e));
process.on('uncaughtException',e=>console.log('!! UNCAUGHT',e));
process.on('warning',w=>{ if(process.env.W) console.log('W',w.message)});
export async function serve(app, ve2){ const s = app instanceof net.Server? app : http.createServer(app); s.listen(0,'127.0.0.1'); await once(s,'listening'); const port=s.address().port;
 const agent=new http.Agent({keepAlive:true,maxSockets:1});
 const get=(path,headers={},method='GET',body)=>new Promise((res,rej)=>{const r=http.request({port,host:'127.0.0.1',path,headers,method,agent},m=>{let b='';m.setEncoding('latin1');m.on('data',c=>b+=c);m.on('end',()=>res({s:m.statusCode,h:m.headers,t:b,cs:m.headers['cache-status']}));m.on('error',e=>res({err:String(e),t:b}))});r.on('error',e=>res({err:String(e)}));r.end(body)});
 const raw=async(bytes,ms=300)=>{const k=net.connect(port,'127.0.0.1');let b='';k.setEncoding('latin1');k.on('data',c=>b+=c);k.on('error',()=>{});k.write(bytes);await new Promise(r=>{k.on('close',r);setTimeout(r,ms)});k.destroy();return b};
 return {port,get,raw,close(){agent.destroy();s.closeAllConnections();s.close()}}; }
export const sleep=ms=>new Promise(r=>setTimeout(r,ms));
export const show=(l,r)=>console.log(l, r.err??r.s, JSON.stringify((r.t??'').slice(0,120)), '|', r.cs??'');
