import { serve, show, createCache, ve, testing, expresses, sleep, once } from './lib.mjs';
import https from 'node:https'; import fs from 'node:fs';
const {cachePage}=ve; const key=fs.readFileSync('/tmp/attcert/k.pem'),cert=fs.readFileSync('/tmp/attcert/c.pem');
for (const [n,express] of expresses) for (const [how,read] of Object.entries({authorized:r=>r.client.authorized, sockauth:r=>r.socket.authorized, err:r=>r.socket.authorizationError===null, cert:r=>r.socket.getPeerCertificate().subject?.CN, reused:r=>r.socket.getSession()&&true, prop:r=>r.res.socket.authorized})){
 const app=express();
 app.use(cachePage({ttl:60,cache:createCache({})}));
 app.use((req,res,next)=> read(req)?next():res.status(401).send('who?'));
 app.get('/',(req,res)=>res.send('secret'));
 const s=https.createServer({key,cert,ca:cert,requestCert:true,rejectUnauthorized:false},app); s.listen(0); await once(s,'listening');
 const get=(o)=>new Promise(r=>https.get({port:s.address().port,host:'127.0.0.1',rejectUnauthorized:false,agent:false,...o},m=>{let b='';m.on('data',c=>b+=c);m.on('end',()=>r(`${m.statusCode} ${b} ${m.headers['cache-status']}`))}));
 console.log(n,how,await get({key,cert}),'/',await get({})); s.close();
}
process.exit(0)
