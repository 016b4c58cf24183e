// The same races for longer: they ask for VIEWCACHE_SOAK themselves.
import './http-races.test.js';
