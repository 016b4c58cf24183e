// The same races for longer: they ask for VIEWCACHE_SOAK themselves.
import './write-races.test.js';
