import { describe } from '@jest/globals';
import { kyselyPaths } from './kysely-paths.js';

describe('Kysely 0.28', () => kyselyPaths('0.28'));
