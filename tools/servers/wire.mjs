import { connect } from 'node:net';

/**
 * Sends one request to a port of this machine and resolves to what came back as soon as `complete` takes it. Rejects when the
 * connection fails or ends before, or after two seconds.
 */
export function exchange(port, request, complete) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    let answer = Buffer.alloc(0);
    const end = (error) => {
      socket.destroy();
      if (error) reject(error);
      else resolve(answer);
    };
    socket.setTimeout(2_000, () => end(new Error('no answer within two seconds')));
    socket.on('error', end);
    socket.on('close', () => end(new Error('the connection was closed')));
    socket.on('connect', () => socket.write(request));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (complete(answer)) end();
    });
  });
}

export function int16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

export function int32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function int32LittleEndian(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** Text behind its length, as Kafka writes it. */
export function text(value) {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
}
