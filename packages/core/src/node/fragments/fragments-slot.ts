/** Where `res.locals` has the fragments of its request; two copies of the package agree. No template reaches it by a name. */
export const fragmentsSlot = Symbol.for('viewcache.fragments');
