import { describe, expect, it } from '@jest/globals';
import { Keyv as Keyv5 } from 'keyv';
import { Keyv as Keyv6 } from 'keyv6';
import type { Store } from '../ports/store.js';
import { ChaosStore } from '../testing/chaos-store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { taggedStoreContract } from '../testing/tagged-store-contract.js';
import { guarded } from './guarded.js';
import { keyvStore } from './keyv.js';
import { nonceProtocol } from './nonce-protocol.js';

const clock = new FakeClock();

function over(store: Store, flush: () => unknown) {
  return async () => ({
    join: (namespace = 'app') => nonceProtocol(guarded(store, { clock }), namespace),
    flush: async () => flush(),
    close: async () => flush(),
  });
}

const chaos = new ChaosStore();
taggedStoreContract(
  'nonces in a store in memory',
  { describe, it, expect },
  over(chaos, () => chaos.data.clear()),
);

const map = new Map<string, unknown>();
taggedStoreContract(
  'nonces in a Map',
  { describe, it, expect },
  over(keyvStore(map), () => map.clear()),
);

for (const [version, keyv] of [['Keyv 5', new Keyv5()] as const, ['Keyv 6', new Keyv6()] as const]) {
  taggedStoreContract(
    `nonces in ${version}`,
    { describe, it, expect },
    over(keyvStore(keyv), () => keyv.clear()),
  );
}
