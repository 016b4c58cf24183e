// The same comparison for longer: it asks for VIEWCACHE_SOAK itself.
import './models.test.js';
