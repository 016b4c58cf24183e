import { kyselyScenarios } from './kysely-suite.js';

kyselyScenarios('0.28');
