// The same for longer: it asks for VIEWCACHE_SOAK itself.
import './behind-random.test.js';
