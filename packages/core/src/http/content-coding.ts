/** Content codings (RFC 9110 §8.4.1) that a stored response may be kept in, beside as it is. */
export const CONTENT_CODINGS = ['br', 'gzip', 'zstd'] as const;
/** One of the content codings that a stored response may be kept in. */
export type ContentCoding = (typeof CONTENT_CODINGS)[number];

/** What a client says in Accept-Encoding: a weight for each coding it names, `*` and `identity` among them. */
export type AcceptedCodings = ReadonlyMap<string, number>;

const MEMBER = /^[\t ]*([\w!#$%&'*+.^`|~-]+)[\t ]*(?:;[\t ]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[\t ]*)?$/i;

/** Reads Accept-Encoding (RFC 9110 §12.5.3). A member that is none is as if it were not there. */
export function parseAcceptEncoding(field: string): AcceptedCodings {
  const weights = new Map<string, number>();
  for (const member of field.split(',')) {
    const [whole, name = '', q = '1'] = MEMBER.exec(member) ?? [];
    if (whole === undefined) continue;
    const lower = name.toLowerCase();
    weights.set(lower === 'x-gzip' ? 'gzip' : lower, Number(q));
  }
  return weights;
}

/**
 * The coding to send: of those at hand, the one that the client likes best, the first of several alike.
 *
 * @returns `undefined` for the response as it is: where the client names it with more weight than any coding, and where it
 * accepts none. It is sent too where a client refuses it (`identity;q=0`) and takes nothing else that is at hand: a page
 * that it can perhaps read is worth more than 415 or 406.
 */
export function preferredCoding<C extends string>(accepted: AcceptedCodings, atHand: readonly C[]): C | undefined {
  const anyOther = accepted.get('*') ?? 0;
  let best: C | undefined;
  let most = 0;
  for (const coding of atHand) {
    const weight = accepted.get(coding) ?? anyOther;
    if (weight <= most) continue;
    best = coding;
    most = weight;
  }
  return (accepted.get('identity') ?? 0) > most ? undefined : best;
}

/**
 * The entity tag of a coding of a response, given that of the response as it is (RFC 9110 §8.8.3.3).
 *
 * A strong one says which bytes, so each coding has its own. A weak one says that they mean the same, and they do.
 */
export function codedEntityTag(etag: string, coding: string): string {
  return etag.startsWith('W/') ? etag : `${etag.slice(0, -1)}-${coding}"`;
}
