import fc from 'fast-check';

const points = (min: number, max: number) => fc.integer({ min, max }).map((point) => String.fromCodePoint(point));

/**
 * Any code point that may stand by itself, half of them those that mean something to a parser: as fast-check's `binary`, which
 * takes a second and a half to list them all.
 */
const unit: fc.Arbitrary<string> = fc.oneof(
  { weight: 2, arbitrary: points(0, 0xff) },
  { weight: 1, arbitrary: points(0x100, 0xd7ff) },
  { weight: 1, arbitrary: points(0xe000, 0x10_ffff) },
);

/** Text that anybody may send. */
export const anyText = (constraints: fc.StringSharedConstraints = {}): fc.Arbitrary<string> =>
  fc.string({ ...constraints, unit });
