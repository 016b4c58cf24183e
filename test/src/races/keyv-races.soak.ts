// The same races for longer: they ask for VIEWCACHE_SOAK themselves.
import './keyv-races.test.js';
