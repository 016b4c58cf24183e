// The same races for a minute and more: the tests ask for VIEWCACHE_SOAK themselves.
import './nonce-races.test.js';
