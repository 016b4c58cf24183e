// The same scenarios with the older versions, too: they ask for VIEWCACHE_SOAK themselves.
import './mongo.test.js';
import './mongoose.test.js';
import './typeorm.test.js';
