import { Inject, Injectable } from '@nestjs/common';
import { ApiKeys, branchScope, Clock, hasEnded, type ApiKey, type Grant } from '@readership/host';

/** A grant of an API key, which `id` and `name` are of. */
export interface KeyGrant {
  readonly id: string;
  readonly name: string;
  readonly grant: Grant;
}

/** The grants that reach a branch since it has another library, and those that reach it no more. */
export interface GrantsOfTransfer {
  readonly gained: readonly KeyGrant[];
  readonly lost: readonly KeyGrant[];
}

const pageSize = 200;

/** Says what the transfer of a branch to another library means for API keys. */
@Injectable()
export class TransferGrants {
  constructor(
    @Inject(ApiKeys) private readonly keys: ApiKeys,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * Reads the keys that have not ended, and returns what says which of their grants a transfer concerns, ordered by key.
   * Rejects with `Unavailable` while the access database is away, so ask before the branch is transferred.
   */
  async read(): Promise<(branch: string, from: string, to: string) => GrantsOfTransfer> {
    const at = this.clock.now().toISOString();
    const held: KeyGrant[] = [];
    let page: readonly ApiKey[];
    let after = '';
    do {
      page = await this.keys.list({ after, limit: pageSize });
      for (const key of page) {
        if (hasEnded(key, at)) continue;
        const name = this.keys.nameOf(key) ?? '';
        for (const grant of key.grants) held.push({ id: key.id, name, grant });
      }
      after = page.at(-1)?.id ?? '';
    } while (page.length === pageSize);
    return (branch, from, to) => {
      const reaches = ({ grant: { scopes } }: KeyGrant, library: string): boolean =>
        ['consortium', branchScope(branch), `library:${library}`].some((scope) => scopes.includes(scope));
      return {
        gained: held.filter((each) => reaches(each, to) && !reaches(each, from)),
        lost: held.filter((each) => reaches(each, from) && !reaches(each, to)),
      };
    };
  }
}
