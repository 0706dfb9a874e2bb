import { Inject, Injectable } from '@nestjs/common';
import {
  extentOf,
  outOfScope,
  permissions,
  reachesOf,
  Scopes,
  type Grant,
  type Permission,
  type Principal,
  type Reach,
  type Role,
  type ScopeName,
} from '@readership/host';
import { Refusal } from '@readership/kernel';
import { ConsortiumDirectory } from '../directory/directory.js';
import type { ApiKeyBody, GrantBody } from './api-key-bodies.js';

const placesMax = 500;

/** Checks the grants that somebody wants to give. */
@Injectable()
export class Grants {
  constructor(
    @Inject(ConsortiumDirectory) private readonly directory: ConsortiumDirectory,
    @Inject(Scopes) private readonly scopes: Scopes,
  ) {}

  /**
   * The grants of a new key. Throws a `Refusal` when they are not given in one of the two forms, name too many places,
   * when a library or branch does not exist, when the role has none of what `only` names, or when they go beyond what the
   * issuer may do, or where.
   */
  async checked(
    { grants, role, scopes }: Pick<ApiKeyBody, 'grants' | 'role' | 'scopes'>,
    issuer: Principal,
    reaches: readonly Reach[],
  ): Promise<readonly Grant[]> {
    const short = role !== undefined || scopes !== undefined;
    if ((grants === undefined) === !short || (short && (role === undefined || scopes === undefined))) {
      throw new Refusal(
        'GRANTS_REQUIRED',
        'invalid',
        'Give grants, or role and scopes for one grant.',
        '/grants',
      );
    }
    const bodies = grants ?? [{ role: role!, scopes: scopes! }];
    const places = new Map<ScopeName, string>();
    for (const [at, body] of bodies.entries()) {
      const pointer = grants === undefined ? '' : `/grants/${at}`;
      check(body, pointer);
      for (const [n, scope] of body.scopes.entries()) {
        if (!places.has(scope)) places.set(scope, `${pointer}/scopes/${n}`);
      }
    }
    if (places.size > placesMax) {
      const detail = `Name at most ${placesMax} libraries and branches in all: give a wider scope instead.`;
      throw new Refusal('TOO_MANY_SCOPES', 'invalid', detail, '/grants');
    }
    for (const [scope, pointer] of places) await this.expectPlace(scope, pointer);
    const given = bodies.map(grantOf);
    await this.mayManage(given, issuer, reaches);
    return given;
  }

  /**
   * Throws `OUT_OF_SCOPE` when grants go beyond the scopes of whoever manages keys, and `BEYOND_ISSUER` when they permit
   * what that principal may not do.
   */
  async mayManage(grants: readonly Grant[], manager: Principal, reaches: readonly Reach[]): Promise<void> {
    const beyond = permissions.find(
      (permission) =>
        reachesOf(grants, permission).length > 0 && reachesOf(manager.grants, permission).length === 0,
    );
    if (beyond !== undefined) {
      const detail = `This key permits ${beyond}, which your own credential does not permit: leave it to somebody who may do that.`;
      throw new Refusal('BEYOND_ISSUER', 'forbidden', detail);
    }
    // Whoever manages keys may do so everywhere by their role; what they give away stays within their own scopes.
    const own = reaches.map(({ grant }) => ({ grant, scopes: grant.scopes }));
    const scopes = grants.flatMap((grant) => grant.scopes);
    const within = await this.scopes.judge(own, scopes);
    if (!scopes.every((scope) => within(scope))) throw outOfScope(own);
  }

  private async expectPlace(scope: ScopeName, pointer: string): Promise<void> {
    const [kind, id] = scope.split(':') as [string, string];
    if (kind === 'library') await this.directory.expectLibrary(id, pointer);
    if (kind === 'branch') await this.directory.expectBranch(id, pointer);
  }
}

function check({ role, only, sources }: GrantBody, pointer: string): void {
  const lacking = only?.findIndex((permission) => !has(role, permission)) ?? -1;
  if (lacking >= 0) {
    const detail = 'The role does not have this permission: choose another role, or leave it out.';
    throw new Refusal('NOT_OF_ROLE', 'invalid', detail, `${pointer}/only/${lacking}`);
  }
  if (sources !== undefined && role !== 'integrator') {
    const detail = 'Only an integrator sends for sources: leave them out.';
    throw new Refusal('SOURCES_OF_INTEGRATORS', 'invalid', detail, `${pointer}/sources`);
  }
}

function has(role: Role, permission: Permission): boolean {
  return extentOf(role, permission) !== '–';
}

function grantOf({ role, scopes, only, sources }: GrantBody): Grant {
  return {
    role,
    scopes: [...new Set(scopes)],
    ...(only === undefined ? {} : { only: [...new Set(only)] }),
    ...(sources === undefined ? {} : { sources: [...new Set(sources)] }),
  };
}
