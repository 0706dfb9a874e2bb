import { Inject, Injectable } from '@nestjs/common';
import { defaultPolicy } from '@readership/contracts';
import type { BranchLibraries } from '@readership/host';
import { modelId, ReadModels, Refusal, type Page } from '@readership/kernel';
import { directory, type DirectoryRow, type Settings } from './directory.projection.js';

export const directoryModel = modelId(directory);

/** Settings until the consortium is configured. */
export const defaultSettings: Settings = {
  name: '',
  timeZone: 'UTC',
  currency: 'EUR',
  fiscalYearStartMonth: 1,
  activityPolicy: defaultPolicy,
};

/** Whom a figure is about: the scope as it was requested, and the branches in it. */
export interface Scope {
  readonly name: string;
  readonly consortium: boolean;
  readonly branches: readonly string[];
}

/** A branch or a library as a scope, with its name. */
export interface Member {
  readonly scope: string;
  readonly name: string;
}

/** The most branches that are one scope. */
const branchesMax = 200;

/** More than a directory has, so that it is one read. */
const pageSize = 10_000;

/** What this context knows of the consortium, its libraries and branches. */
@Injectable()
export class ScopeDirectory implements BranchLibraries {
  constructor(@Inject(ReadModels) private readonly models: ReadModels) {}

  async read(): Promise<Directory> {
    const rows: DirectoryRow[] = [];
    let after: string | null = null;
    do {
      const page: Page<DirectoryRow> = await this.models.all<DirectoryRow>(directoryModel, {
        limit: pageSize,
        ...(after === null ? {} : { after }),
      });
      for (const { row } of page.rows) rows.push(row);
      after = page.next;
    } while (after !== null);
    return new Directory(rows);
  }

  async librariesOf(branches: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    return (await this.read()).librariesOf(branches);
  }
}

/** The scopes that a scope of several branches names; other scopes name themselves. */
export function partsOf(name: string): readonly string[] {
  return name.split(',');
}

/** The directory at one time. */
export class Directory implements BranchLibraries {
  constructor(private readonly rows: readonly DirectoryRow[]) {}

  get settings(): Settings {
    for (const row of this.rows) if (row.kind === 'consortium') return row.settings;
    return defaultSettings;
  }

  get branchIds(): ReadonlySet<string> {
    return new Set(this.rows.flatMap((row) => (row.kind === 'branch' ? [row.id] : [])));
  }

  /** The branches of each library that has any. */
  get branchesByLibrary(): ReadonlyMap<string, readonly string[]> {
    const branches = new Map<string, string[]>();
    for (const row of this.rows) {
      if (row.kind !== 'branch') continue;
      const of = branches.get(row.library);
      if (of === undefined) branches.set(row.library, [row.id]);
      else of.push(row.id);
    }
    return branches;
  }

  /**
   * The scopes of the branches of the consortium or of a library, or of the libraries of the consortium, with their
   * names, by id. Throws `UNKNOWN_SCOPE`.
   */
  members(among: string, by: 'branch' | 'library'): readonly Member[] {
    const within = new Set(this.scope(among).branches);
    return this.rows
      .flatMap((row) =>
        row.kind === by && (row.kind === 'library' || within.has(row.id))
          ? [{ scope: `${row.kind}:${row.id}`, name: row.name }]
          : [],
      )
      .sort((a, b) => (a.scope < b.scope ? -1 : 1));
  }

  async librariesOf(branches: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const asked = new Set(branches);
    const libraries = new Map<string, string>();
    for (const row of this.rows)
      if (row.kind === 'branch' && asked.has(row.id)) libraries.set(row.id, row.library);
    return libraries;
  }

  /**
   * The scope of `consortium`, `library:<id>` or `branch:<id>`, or of several branches as one, `branch:<id>,branch:<id>`.
   * Throws `UNKNOWN_SCOPE`.
   */
  scope(name: string): Scope {
    const { rows } = this;
    const parts = partsOf(name);
    if (
      parts.length > 1 &&
      parts.length <= branchesMax &&
      parts.every((part) => part.startsWith('branch:'))
    ) {
      const { branchIds } = this;
      const ids = [...new Set(parts.map((part) => part.slice('branch:'.length)))];
      if (ids.every((id) => branchIds.has(id))) return { name, consortium: false, branches: ids };
    }
    const branches = rows.flatMap((row) => (row.kind === 'branch' ? [row] : []));
    const [kind, id] = [name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1)];
    if (name === 'consortium')
      return { name, consortium: true, branches: branches.map((branch) => branch.id) };
    if (kind === 'library' && rows.some((row) => row.kind === 'library' && row.id === id)) {
      const held = branches.filter((branch) => branch.library === id);
      return { name, consortium: false, branches: held.map((branch) => branch.id) };
    }
    if (kind === 'branch' && branches.some((branch) => branch.id === id)) {
      return { name, consortium: false, branches: [id] };
    }
    throw new Refusal(
      'UNKNOWN_SCOPE',
      'unknown',
      `Give the scope as consortium, library:<id> or branch:<id>, or up to ${branchesMax} branches with commas between them, with ids that exist.`,
    );
  }
}
