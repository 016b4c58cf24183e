/** One request of a test: what the client sends, what the handler answers, and what is then expected. */
interface SuiteRequest {
  readonly id?: string;
  readonly name?: string;
  readonly response_status?: readonly [status: number, phrase: string];
  readonly response_headers?: readonly (readonly [name: string, value: string | number, check?: boolean])[];
  readonly response_body?: string | null;
  readonly expected_type?: string;
  readonly disconnect?: boolean;
  readonly [more: string]: unknown;
}

interface SuiteTest {
  readonly id: string;
  readonly name: string;
  readonly kind?: 'required' | 'optimal' | 'check';
  readonly browser_only?: boolean;
  readonly depends_on?: readonly string[];
  readonly requests: readonly SuiteRequest[];
}

/** The parts of the suite that are used here; it has no types of its own. */
declare module 'http-cache-tests/tests/index.mjs' {
  const suites: readonly { readonly tests: readonly SuiteTest[] }[];
  export default suites;
}

declare module 'http-cache-tests/tests/surrogate-control.mjs' {
  const suite: { readonly tests: readonly SuiteTest[] };
  export default suite;
}

declare module 'http-cache-tests/client/config.mjs' {
  export function setFetch(fetch: unknown): void;
  export function setBaseUrl(url: string): void;
}

declare module 'http-cache-tests/client/test.mjs' {
  /** `true`, or what went wrong: kind of error and message. */
  export const testResults: Record<string, true | readonly [kind: string, message: string]>;
  /** Resolves when the test is over, however it went. */
  export function makeCacheTest(test: SuiteTest): Promise<void>;
}

declare module 'http-cache-tests/lib/header-fixup.mjs' {
  export function fixupHeader(
    header: readonly [name: string, value: string | number, check?: boolean],
    fields: object,
    request: SuiteRequest,
  ): readonly [name: string, value: string, check?: boolean];
}
