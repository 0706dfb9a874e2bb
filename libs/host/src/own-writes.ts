import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** A list waits for what its asker wrote in this time before. */
const rememberedMs = 10_000;
/** As many principals are remembered; the one that wrote longest ago is forgotten first. */
const principalsMax = 10_000;

interface OwnWrite {
  readonly position: string;
  readonly atMs: number;
}

/**
 * The last write of each principal through this process, so that whoever registers somebody and looks at a list at once
 * finds them there without having to give `after`. Other replicas know nothing of it.
 */
@Injectable()
export class OwnWrites {
  private readonly last = new Map<string, OwnWrite>();

  /** `position` is the `Readership-Position` that the principal was answered. */
  wrote(principal: string, position: string): void {
    this.last.delete(principal);
    this.last.set(principal, { position, atMs: performance.now() });
    if (this.last.size > principalsMax) this.last.delete(this.last.keys().next().value!);
  }

  /** The position of its last write, unless that is too long ago to wait for. */
  of(principal: string): string | undefined {
    const known = this.last.get(principal);
    return known && performance.now() - known.atMs < rememberedMs ? known.position : undefined;
  }
}

const remembered = new WeakMap<FastifyRequest, string>();

export function rememberOwnWrite(request: FastifyRequest, position: string): void {
  remembered.set(request, position);
}

export function ownWriteOf(request: FastifyRequest): string | undefined {
  return remembered.get(request);
}
