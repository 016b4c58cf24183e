import { request } from 'node:http';

/** What the suite reads of a response: as much of `fetch` as it uses, for any status there is. */
interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  text(): Promise<string>;
}

interface Init {
  readonly method?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
}

/** Sends a request and waits for its response to end. Adds nothing to it, follows no redirect, keeps no connection. */
export function send(url: string, { method = 'GET', headers = [], body }: Init = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent: false });
    for (const [name, value] of headers) sent.appendHeader(name, value);
    sent.on('error', reject);
    sent.on('response', (response) => {
      const fields = new Headers();
      for (let i = 0; i < response.rawHeaders.length; i += 2)
        fields.append(response.rawHeaders[i] ?? '', response.rawHeaders[i + 1] ?? '');
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const { statusCode = 0, statusMessage = '' } = response;
        resolve({ status: statusCode, statusText: statusMessage, headers: fields, text: async () => text });
      });
    });
    sent.end(body);
  });
}
