import net from 'node:net';
import tls from 'node:tls';
import { Kafka, logLevel, type ISocketFactory, type KafkaConfig } from 'kafkajs';

/** The client retries over the connection it has: the sooner an answer is given up, the sooner a silent one is replaced. */
const requestTimeout = 10_000;
const keepAliveMs = 60_000;
const sizeBytes = 4;
/** Ten times what a fetch asks for. */
const frameBytesMax = 100 * 1024 * 1024;

/**
 * A client for one purpose: those who share one also share what it knows of groups, and break on it. What fails is told by
 * whoever used it, in the log of the service. The client's own lines go where the configuration says (`loggedTo`), or nowhere.
 */
export function kafkaClient(kafka: KafkaConfig): Kafka {
  const connect = kafka.socketFactory ?? usualSocket;
  return new Kafka({
    requestTimeout,
    logLevel: logLevel.NOTHING,
    ...kafka,
    socketFactory: (how) => wholeAnswers(connect(how)),
  });
}

/**
 * Gives the client whole answers only. It keeps a part of one over a broken connection, takes it for the beginning of
 * the first answer on the next, and then understands nothing any more until every request has timed out.
 */
function wholeAnswers(socket: net.Socket): net.Socket {
  const on = socket.on.bind(socket) as (event: string, listener: (...args: any[]) => void) => net.Socket;
  const refuse = () => socket.destroy(new Error('what answers is no Kafka broker'));
  socket.on = ((event: string, listener: (...args: any[]) => void) =>
    on(event, event === 'data' ? framed(listener, refuse) : listener)) as typeof socket.on;
  return socket;
}

/**
 * Cuts a stream of bytes into what was sent as one: four bytes of size, and as many bytes as they say. A size that
 * cannot be is refused, and nothing is delivered any more.
 */
export function framed(deliver: (frame: Buffer) => void, refuse: () => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let held = 0;
  let needed = sizeBytes;
  return (chunk) => {
    chunks.push(chunk);
    held += chunk.length;
    if (held < needed) return;
    const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    let at = 0;
    for (;;) {
      const size = held - at < sizeBytes ? 0 : bytes.readInt32BE(at);
      if (size < 0 || size > frameBytesMax) {
        needed = Infinity;
        chunks = [];
        return refuse();
      }
      needed = sizeBytes + size;
      if (held - at < needed) break;
      deliver(bytes.subarray(at, at + needed));
      at += needed;
    }
    chunks = at === held ? [] : [bytes.subarray(at)];
    held -= at;
  };
}

const usualSocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const named = net.isIP(host) ? {} : { servername: host };
  const socket = ssl
    ? tls.connect({ host, port, ...named, ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect);
  return socket.setKeepAlive(true, keepAliveMs);
};
