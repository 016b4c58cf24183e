/** Words by which the names of fields say that they tell one asker from another, wherever in a name they stand. */
const WITHIN =
  /user|log-?in|e-?mail|customer|account|member|consumer|tenant|workspace|cert|token|session|cookie|auth|claim|subject|subscri|identit|principal|credential|assertion|passw|secret|jwt|oidc|saml|dpop|api-?key|signature|name-?id|(?:client|device|org)-?id/;
/** The same of words that are part of many others, and count by themselves. */
const ALONE =
  /(?:^|-)(?:mail|dn|sid|uid|sub|sso|key|eppn|roles?|groups|permissions?|scopes?|organi[sz]ation|init-data)(?:-|$)|^from$/;
/**
 * What browsers send, and proxies, clouds and their caches add to every request: of the browser, of the address, of the site or
 * of its owner.
 */
const PLAIN =
  /^(?::|sec-)|(?:user-agent|-ip|cache-key)$|^(?:surrogate-key|x-vercel-(?:oidc-token|proxy-signature.*)|x-nf-account-.*)$/;

/** Names of fields are clients' to make up: so many are remembered. */
const REMEMBERED = 1_000;
const LONGEST = 100;
const known = new Map<string, boolean>();

/**
 * Whether a field of requests says who is asking, by its name: clients have many of them, and proxies that have let them in.
 *
 * One too many has fragments rendered that could have been found; one too few shows one visitor what is another's.
 *
 * @param name - in lower case, as Node has it
 */
export function isIdentityField(name: string): boolean {
  // What nobody calls a field costs no search, for each fragment anew.
  if (name.length > LONGEST) return true;
  const found = known.get(name);
  if (found !== undefined) return found;
  const plain = name.replaceAll(/[_.]/g, '-');
  const isIdentity = !PLAIN.test(plain) && (WITHIN.test(plain) || ALONE.test(plain));
  if (known.size >= REMEMBERED) known.clear();
  known.set(name, isIdentity);
  return isIdentity;
}
