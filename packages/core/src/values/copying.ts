/** How callers are kept from changing each other's value: by copies, by freezing it, or not at all. */
export type Copying = 'structured' | 'freeze' | false;
