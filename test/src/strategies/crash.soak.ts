// The same crashes in all ways, and later.
import './journal-crash.test.js';
import './queue-crash.test.js';
