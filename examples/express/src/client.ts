import http from 'node:http';

export interface Answer {
  readonly status: number;
  /** What the cache did with the request (RFC 9211), as in `viewcache; hit; ttl=300`. */
  readonly cacheStatus: string;
  readonly body: unknown;
  /** Milliseconds from sending the request to the last byte of the answer. */
  readonly ms: number;
}

/** A visitor of the demo: HTTP requests over connections that stay open, as a browser's do. */
export class Client {
  readonly #agent = new http.Agent({ keepAlive: true });

  constructor(private readonly origin: string) {}

  get(path: string): Promise<Answer> {
    return this.#send('GET', path, {});
  }

  put(path: string, token: string, body: object): Promise<Answer> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return this.#send('PUT', path, headers, JSON.stringify(body));
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(method: string, path: string, headers: http.OutgoingHttpHeaders, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const start = performance.now();
      const request = http.request(this.origin + path, { method, headers, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const status = response.statusCode ?? 0;
          if (status >= 400) {
            reject(new Error(`${method} ${path} was answered ${status}: ${text}`));
            return;
          }
          resolve({
            status,
            cacheStatus: String(response.headers['cache-status'] ?? 'none'),
            body: JSON.parse(text),
            ms: performance.now() - start,
          });
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }
}
