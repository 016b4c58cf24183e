import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
export default {
  // `tsc -b` compiles the tests too; jest runs what it wrote, so a type error fails before a test runs.
  roots: ['core', 'express', 'nestjs', 'orm']
    .map((name) => `<rootDir>/packages/${name}/dist`)
    .concat('<rootDir>/test/dist'),
  testMatch: ['**/*.test.js'],
  testEnvironment: '<rootDir>/scripts/jest-environment.mjs',
  // Where jest takes back what a test has left on objects of Node, 30.5 has the next test that sets it run out of stack.
  testEnvironmentOptions: { globalsCleanup: 'off' },
  transform: {},
  // Tests wait for events, so this is for what never comes: on a machine with other work anything else may take its time.
  // A soak takes minutes, and more of them on a busy machine.
  testTimeout: process.env['VIEWCACHE_SOAK'] === undefined ? 120_000 : 900_000,
  // By default jest leaves one core free, which on two is half the machine; much of what a test does is wait, and with one more
  // than there are cores, two of them are busy for 97 % of a whole run instead of 80.
  maxWorkers: availableParallelism() + 1,
  // Modules stay in memory for as long as the process that loaded them for a test: a full heap makes the tests after it slow.
  workerIdleMemoryLimit: '600MB',
  reporters: ['default', '<rootDir>/scripts/jest-reporter.mjs'],
  coverageProvider: 'v8',
  collectCoverageFrom: ['<rootDir>/packages/*/dist/**/*.js'],
};
