// All of warming that is loaded when something is warmed first, as one: each module that is loaded late by itself splits what it
// shares with others into modules of their own, which every app then loads at its start (docs/decisions/0014).
export { OneAtATime } from './one-at-a-time.js';
export { readAccessLog } from './read-access-log.js';
export { readSitemap } from './read-sitemap.js';
export { rewarm } from './rewarm.js';
export { warm } from './warm.js';
