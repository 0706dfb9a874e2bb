/** Requests that `fetch` cannot send: bytes as they are, and bodies that the caller sends piece by piece. */
import { request } from 'node:http';
import { connect } from 'node:net';

/** The answer to bytes that are sent as they are. */
export async function raw(port, sent) {
  const text = await new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.end(sent));
    socket.on('data', (chunk) => (received += chunk.toString()));
    // A connection may be reset once the answer is there, when bytes of the request were left unread.
    socket.on(
      'error',
      (error) => received === '' && reject(new Error(`${sent.slice(0, 40)}: ${error.message}`)),
    );
    socket.on('close', () => resolve(received));
  });
  const [head, body] = text.split('\r\n\r\n');
  const [line, ...fields] = head.split('\r\n');
  const headers = new Map(
    fields.map((field) => [field.split(':')[0].toLowerCase(), field.replace(/^[^:]*: /, '')]),
  );
  return {
    status: Number(line.split(' ')[1]),
    headers: { get: (name) => headers.get(name.toLowerCase()) },
    json: async () => JSON.parse(body),
  };
}

/** A request whose body the caller sends, and its answer. */
export function begin(port, path, headers, method = 'POST') {
  const sending = request({ port, host: '127.0.0.1', path, method, headers });
  const answer = new Promise((resolve, reject) => {
    sending.on('error', reject);
    sending.on('response', async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode, headers: response.headers, body: JSON.parse(text) });
    });
  });
  // Of a request that is given up, nobody waits for the answer.
  answer.catch(() => {});
  return { sending, answer };
}

/** Resolves once it is so. Nothing here is timed: it only ends a check that would never end. */
export async function until(so) {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await so()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not so: ${so}`);
}
