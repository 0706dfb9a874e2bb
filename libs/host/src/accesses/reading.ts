import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { Meta } from '@readership/kernel';
import type { FastifyRequest } from 'fastify';
import type { Role } from '../access/permissions.js';
import type { ScopeName } from '../access/principal.js';
import { Unreadable } from '../http-problem.js';
import { askedOf, metaOf } from '../request.js';
import { isPurpose, purposes, type Purpose } from './purposes.js';

const header = 'Readership-Purpose';
const scopesMax = 10;

/** Who is about to be shown what belongs to patrons, as what, and why. */
export interface Reader {
  readonly role: Role;
  readonly scopes: readonly ScopeName[];
  readonly purpose: Purpose;
  readonly meta: Meta;
}

/**
 * Injects the reader of a route that shows what belongs to patrons; see `Accesses`. Their purpose is the one that they
 * send, else `usual`. Another one than `purposes` is refused with 400 `UNKNOWN_PURPOSE`.
 */
export const Reading =
  (usual: Purpose): ParameterDecorator =>
  (target, method, index) => {
    ReaderOfRequest({ usual, isAsked: true })(target, method, index);
    ApiHeader({
      name: header,
      required: false,
      description: `Why this is read; kept in the records of access. By default ${usual}.`,
      schema: { type: 'string', enum: [...purposes] },
    })(target, method!, Object.getOwnPropertyDescriptor(target, method!)!);
  };

/**
 * Injects the reader of a command whose answer shows what belongs to patrons. The command says why itself, so that no header
 * is asked for it.
 */
export const ReadingFor = (purpose: Purpose): ParameterDecorator =>
  ReaderOfRequest({ usual: purpose, isAsked: false });

interface ReaderAsked {
  readonly usual: Purpose;
  readonly isAsked: boolean;
}

const ReaderOfRequest: (asked: ReaderAsked) => ParameterDecorator = createParamDecorator(
  ({ usual, isAsked }: ReaderAsked, context: ExecutionContext): Reader => {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const [reach, ...others] = askedOf(request).reaches;
    if (reach === undefined) throw new Error('a route without a permission shows nothing of patrons');
    const { role } = reach.grant;
    const alike = [reach, ...others].filter(({ grant }) => grant.role === role);
    const scopes = [...new Set(alike.flatMap(({ grant }) => grant.scopes))];
    const purpose = (isAsked ? purposeOf(request) : null) ?? usual;
    return { role, scopes: scopes.slice(0, scopesMax), purpose, meta: metaOf(request) };
  },
);

function purposeOf({ raw }: FastifyRequest): Purpose | null {
  const sent = raw.headersDistinct[header.toLowerCase()] ?? [];
  if (sent.length > 1) throw new Unreadable('REPEATED_HEADER', `Send one ${header} header.`);
  const [purpose] = sent;
  if (purpose === undefined) return null;
  if (isPurpose(purpose)) return purpose;
  throw new Unreadable('UNKNOWN_PURPOSE', `Send ${header} as one of ${purposes.join(', ')}, or not at all.`);
}
