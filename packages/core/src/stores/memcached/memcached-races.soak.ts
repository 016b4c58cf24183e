// The same races for a minute and more: the tests ask for VIEWCACHE_SOAK themselves.
import './memcached-races.test.js';
