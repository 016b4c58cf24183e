/** @type {import('jest').Config} */
export default {
  // `tsc -b` compiles the tests too; jest runs what it wrote, so a type error fails before a test runs.
  roots: ['<rootDir>/packages/core/dist', '<rootDir>/packages/express/dist', '<rootDir>/test/dist'],
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
  reporters: ['default', '<rootDir>/scripts/jest-reporter.mjs'],
  coverageProvider: 'v8',
  collectCoverageFrom: ['<rootDir>/packages/*/dist/**/*.js'],
};
