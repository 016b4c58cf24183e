import { describe, expect, it } from '@jest/globals';
import { isIdentityField } from './identity-fields.js';

const all = (names: string): readonly string[] => names.split(/\s+/).filter((name) => name !== '');

/** What clients, identity-aware proxies, gateways and servers of TLS say of who is asking. */
const THEIRS = all(`
  authorization proxy-authorization cookie x-api-key api-key apikey api_key access_token x-access-token x-auth-token
  x-csrf-token x-amz-security-token x-session-id sid dpop signature signature-input from
  client-cert client-cert-chain x-forwarded-client-cert x-client-cert ssl-client-cert x-ssl-cert x-ssl-client-s-dn
  ssl-client-subject-dn x-amzn-mtls-clientcert-subject cf-cert-subject-dn
  remote-user x-remote-user x-user x_user x-user-id x-forwarded-user x-forwarded-email x-forwarded-preferred-username
  x-forwarded-groups x-auth-request-email x-webauth-email x-vouch-user x-authentik-uid x-authentik-email
  x-pomerium-claim-email x-pomerium-jwt-assertion cf-access-jwt-assertion cf-access-authenticated-user-email
  tailscale-user-login tailscale-user-name x-goog-iap-jwt-assertion x-goog-authenticated-user-email
  x-amzn-oidc-data x-amzn-oidc-identity x-amzn-oidc-accesstoken x-ms-client-principal x-ms-client-principal-name
  x-apigateway-api-userinfo x-endpoint-api-userinfo x-consumer-username x-consumer-custom-id x-credential-identifier
  x-authenticated-userid x-authenticated-scope ocp-apim-subscription-key x-functions-key impersonate-user
  x-customer-id x-account-id x-member-id x-tenant-id x-device-id x-client-id x-uid x-sub x-roles x-claims
  x-shib-mail mail eppn x-nameid x-saml x-sso x-login x-password x-secret x-telegram-init-data
`);

/** What comes with requests of people whom nobody knows. */
const ANYBODYS = all(`
  host connection user-agent x-original-user-agent accept accept-language accept-encoding accept-charset referer origin
  te upgrade-insecure-requests dnt cache-control pragma priority range if-none-match if-modified-since if-match purpose
  sec-fetch-user sec-fetch-site sec-ch-ua sec-ch-ua-platform sec-websocket-key sec-gpc save-data device-memory
  viewport-width downlink rtt ect x-requested-with hx-request hx-target hx-current-url turbo-frame x-inertia
  x-forwarded-for x-forwarded-proto x-forwarded-host x-forwarded-port x-forwarded-prefix x-forwarded-scheme forwarded
  x-real-ip x-original-url x-original-forwarded-for x-scheme via true-client-ip fastly-client-ip fly-client-ip
  x-cluster-client-ip x-request-id x-correlation-id x-request-start traceparent tracestate baggage sentry-trace
  x-b3-traceid x-cloud-trace-context x-amzn-trace-id x-datadog-trace-id cf-ray cf-connecting-ip cf-ipcountry
  cf-visitor cf-worker cdn-loop cloudfront-viewer-country cloudfront-is-mobile-viewer x-amz-cf-id x-akamai-edgescape
  x-azure-clientip x-azure-ref x-azure-fdid x-arr-ssl x-arr-log-id x-site-deployment-id disguised-host
  x-appengine-user-ip x-appengine-country x-envoy-external-address x-envoy-expected-rq-timeout-ms fly-region
  x-vercel-id x-vercel-ip-country x-vercel-oidc-token x-vercel-proxy-signature x-vercel-proxy-signature-ts
  x-nf-account-id x-nf-client-connection-ip x-varnish surrogate-key x-cache-key x-ua-device x-client-data :authority
`);

describe('the name of a field', () => {
  it.each(THEIRS)('%s says who is asking', (name) => {
    expect(isIdentityField(name)).toBe(true);
    // From memory, too.
    expect(isIdentityField(name)).toBe(true);
  });

  it.each(ANYBODYS)('%s says nothing of that', (name) => {
    expect(isIdentityField(name)).toBe(false);
  });

  it('is judged though there is no end of names, and may be anything where it is long', () => {
    const judged = Array.from({ length: 3_000 }, (_, i) => isIdentityField(`x-${i}`));
    expect(judged.some(Boolean)).toBe(false);
    expect(isIdentityField('x'.repeat(10_000))).toBe(true);
  });
});
