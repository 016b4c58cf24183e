// The same races for longer: they ask for VIEWCACHE_SOAK themselves.
import './shared-races.test.js';
