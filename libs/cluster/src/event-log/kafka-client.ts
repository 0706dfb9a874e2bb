import net from 'node:net';
import tls from 'node:tls';
import { Kafka, logLevel, type ISocketFactory, type KafkaConfig } from 'kafkajs';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

/** The client retries on the same connection, so a short timeout replaces a silent connection soon. */
const requestTimeout = 10_000;
const keepAliveMs = 60_000;
const sizeBytes = 4;
/** Ten times the size that a fetch asks for. */
const frameBytesMax = 100 * 1024 * 1024;

/*
 * Each connection of the client would look for waiting requests every millisecond for as long as it is open, which takes a
 * twentieth of a core from an idle process (tulios/kafkajs#1704). It has to look only while some wait.
 */
const lookAgain = RequestQueue.prototype.scheduleCheckPendingRequests;
RequestQueue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
  if (this.pending.length > 0) lookAgain.call(this);
};

/**
 * Makes a Kafka client for one purpose. Users of one client would share its knowledge of groups, and fail together when
 * that is wrong. The caller reports failures in the log of the service. The client's own lines go where the
 * configuration says (`loggedTo`), or nowhere.
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
 * Makes a socket deliver whole responses only. The client would keep part of a response over a broken connection, take
 * it for the beginning of the first response on the next one, and understand nothing until every request has timed out.
 */
function wholeAnswers(socket: net.Socket): net.Socket {
  const on = socket.on.bind(socket) as (event: string, listener: (...args: any[]) => void) => net.Socket;
  const refuse = () => socket.destroy(new Error('what answers is no Kafka broker'));
  socket.on = ((event: string, listener: (...args: any[]) => void) =>
    on(event, event === 'data' ? framed(listener, refuse) : listener)) as typeof socket.on;
  return socket;
}

/**
 * Splits a byte stream into frames of a four-byte size and as many bytes. An impossible size calls `refuse`, and
 * nothing is delivered any more.
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
