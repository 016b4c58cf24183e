import { homeMadeSetups } from './home-made-setups.js';
import { loginSetups } from './login-setups.js';
import { requestSetups } from './request-setups.js';
import { sessionSetups } from './session-setups.js';
import type { Setup } from './setup.js';

/** Middleware that apps are made of, each with what the input guard makes of it in each place. */
export const setups: readonly Setup[] = [...sessionSetups, ...loginSetups, ...requestSetups, ...homeMadeSetups];
