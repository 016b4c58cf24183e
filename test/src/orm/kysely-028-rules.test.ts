import { describe } from '@jest/globals';
import { openRuled } from './kysely-driver.js';
import { holdToRules } from './watch-rules.js';

describe('watchKysely with Kysely 0.28', () => holdToRules(openRuled('0.28')));
