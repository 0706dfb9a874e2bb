import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

interface Held {
  readonly plain: Buffer;
  readonly gzipped: Buffer;
  readonly tag: string;
}

/**
 * A file that stays the same while the process runs, as a handler returns it. It is read and compressed on first use.
 * From then on every answer sends the same two buffers, so that readers who take their time cost no copies.
 */
export class StaticFile {
  private held: Promise<Held> | undefined;

  /** `read` gives the content; it is called once. */
  constructor(
    private readonly type: string,
    private readonly read: () => Buffer | string | Promise<Buffer>,
  ) {}

  /** Sets status and headers, and resolves to what is sent: nothing when the client has this content already. */
  async answer(request: FastifyRequest, reply: FastifyReply): Promise<Buffer | undefined> {
    const { plain, gzipped, tag } = await (this.held ??= this.hold());
    // The name does not change with the content, so a client has to ask whether its copy is still right.
    reply.header('cache-control', 'no-cache').header('etag', tag).header('vary', 'accept-encoding');
    if (holds(request.headers['if-none-match'], tag)) {
      reply.status(304);
      return undefined;
    }
    reply.header('content-type', this.type);
    if (!takesGzip(request.headers['accept-encoding'])) return plain;
    reply.header('content-encoding', 'gzip');
    return gzipped;
  }

  private async hold(): Promise<Held> {
    const plain = Buffer.from(await this.read());
    // Weak, because it names the content in either encoding.
    const tag = `W/"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
    return { plain, gzipped: await compress(plain), tag };
  }
}

/** True when `If-None-Match` lists this tag, weak or strong, or any. */
function holds(ifNoneMatch: string | undefined, tag: string): boolean {
  const opaque = tag.replace('W/', '');
  return (ifNoneMatch ?? '')
    .split(',')
    .map((given) => given.trim().replace(/^W\//, ''))
    .some((given) => given === '*' || given === opaque);
}

function takesGzip(acceptEncoding: string | undefined): boolean {
  return (acceptEncoding ?? '').split(',').some((coding) => {
    const [name = '', ...parameters] = coding.split(';').map((part) => part.trim().toLowerCase());
    return name === 'gzip' && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}
