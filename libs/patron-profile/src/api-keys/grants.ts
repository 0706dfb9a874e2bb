import { Inject, Injectable } from '@nestjs/common';
import {
  extentOf,
  outOfScope,
  Scopes,
  type Grant,
  type Permission,
  type Reach,
  type Role,
} from '@readership/host';
import { Refusal } from '@readership/kernel';
import { ConsortiumDirectory } from '../directory/directory.js';
import type { ApiKeyBody, GrantBody } from './api-key-bodies.js';

/** Checks the grants that somebody wants to give. */
@Injectable()
export class Grants {
  constructor(
    @Inject(ConsortiumDirectory) private readonly directory: ConsortiumDirectory,
    @Inject(Scopes) private readonly scopes: Scopes,
  ) {}

  /**
   * The grants of a new key. Throws a `Refusal` when they are not given in one of the two forms, when a library or branch
   * does not exist, when the role has none of what `only` names, or when they go beyond the scopes of the issuer.
   */
  async checked(
    { grants, role, scopes }: Pick<ApiKeyBody, 'grants' | 'role' | 'scopes'>,
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
    for (const [at, body] of bodies.entries()) {
      await this.check(body, grants === undefined ? '' : `/grants/${at}`);
    }
    const given = bodies.map(grantOf);
    await this.mayManage(given, reaches);
    return given;
  }

  /** Throws `OUT_OF_SCOPE` when a grant goes beyond the scopes of whoever manages keys. */
  async mayManage(grants: readonly Grant[], reaches: readonly Reach[]): Promise<void> {
    // Whoever manages keys may do so everywhere by their role; what they give away stays within their own scopes.
    const own = reaches.map(({ grant }) => ({ grant, scopes: grant.scopes }));
    const scopes = grants.flatMap((grant) => grant.scopes);
    const within = await this.scopes.judge(own, scopes);
    if (!scopes.every((scope) => within(scope))) throw outOfScope(own);
  }

  private async check({ role, scopes, only, sources }: GrantBody, pointer: string): Promise<void> {
    const lacking = only?.findIndex((permission) => !has(role, permission)) ?? -1;
    if (lacking >= 0) {
      const detail = 'The role does not have this permission: choose another role, or leave it out.';
      throw new Refusal('NOT_OF_ROLE', 'invalid', detail, `${pointer}/only/${lacking}`);
    }
    if (sources !== undefined && role !== 'integrator') {
      const detail = 'Only an integrator sends for sources: leave them out.';
      throw new Refusal('SOURCES_OF_INTEGRATORS', 'invalid', detail, `${pointer}/sources`);
    }
    for (const [at, scope] of scopes.entries()) {
      const [kind, id] = scope.split(':') as [string, string];
      const place = `${pointer}/scopes/${at}`;
      if (kind === 'library') await this.directory.expectLibrary(id, place);
      if (kind === 'branch') await this.directory.expectBranch(id, place);
    }
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
