import {
  linesPerBatchMax,
  RequestRefused,
  type InteractionEvent,
  type ReadershipClient,
} from '@readership/client';
import { stringify } from 'csv-stringify/sync';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { mappingProblems, RowReader, type Mapping, type RowError } from './csv-mapping.js';
import { csvChunks, type CsvRow } from './csv-rows.js';

export interface ImportRequest {
  readonly file: string;
  readonly mapping: Mapping;
  /** CloudEvents source of the interactions; the file's name when absent. */
  readonly source?: string;
  readonly dryRun: boolean;
  /** Where the refused lines are listed, as CSV of line, column and code. */
  readonly errorFile?: string;
}

export interface ImportResult {
  readonly total: number;
  /** In a dry run: that would be sent. */
  readonly recorded: number;
  readonly alreadyRecorded: number;
  readonly refused: number;
  /** In the order of the file. */
  readonly errors: readonly RowError[];
}

const batchLines = Math.min(2_000, linesPerBatchMax);
/** More than this in one file points to a wrong mapping, not to bad lines. */
const errorsMax = 100_000;
const unknownBranchesMax = 10_000;

/**
 * Reads a CSV in batches and records its rows as interactions, the next batch being read while the one before is sent. A
 * dry run sends nothing, but asks for the branches. `report` is told bytes read of bytes in all.
 */
export async function importCsv(
  client: ReadershipClient,
  request: ImportRequest,
  report: (bytesRead: number, bytes: number) => void = () => {},
): Promise<ImportResult> {
  const bytes = statSync(request.file).size;
  const { errorFile } = request;
  if (
    errorFile !== undefined &&
    existsSync(errorFile) &&
    realpathSync(errorFile) === realpathSync(request.file)
  )
    throw new Error(`--errors would overwrite ${request.file}: name another file.`);
  const run = new ImportRun(client, request);
  const chunks = csvChunks(request.file, (columns) => {
    const problems = mappingProblems(request.mapping, columns);
    if (problems.length > 0) throw new Error(problems.join('\n'));
  });
  for await (const { rows, bytesRead } of chunks) {
    for (const row of rows) if (run.take(row)) await run.send();
    report(bytesRead, bytes);
  }
  const result = await run.end();
  if (errorFile !== undefined && result.errors.length > 0) {
    await writeFile(errorFile, errorsCsv(result.errors));
  }
  return result;
}

interface Line {
  readonly line: number;
  readonly event: InteractionEvent;
}

class ImportRun {
  private readonly counts = { total: 0, recorded: 0, alreadyRecorded: 0, refused: 0 };
  private readonly errors: RowError[] = [];
  private readonly reader: RowReader;
  private batch: Line[] = [];
  private underway: Promise<void> = Promise.resolve();
  private readonly known = new Set<string>();
  /** Refused once, after the service had waited for them: their other rows are not sent, for each would wait again. */
  private readonly unknown = new Set<string>();

  constructor(
    private readonly client: ReadershipClient,
    private readonly request: ImportRequest,
  ) {
    this.reader = new RowReader(request.mapping, request.source ?? `/import/${basename(request.file)}`);
  }

  /** Whether a batch is full with this row. */
  take({ line, values }: CsvRow): boolean {
    this.counts.total++;
    const read = this.reader.read(values, line);
    if ('code' in read) this.refuse(read);
    else this.batch.push({ line, event: read });
    return this.batch.length === batchLines;
  }

  /** Resolves when the batch before this one was answered. */
  async send(): Promise<void> {
    const lines = this.batch;
    this.batch = [];
    await this.underway;
    this.underway = this.request.dryRun ? this.rehearse(lines) : this.record(lines);
    // Heard by whoever sends next, or by the end.
    this.underway.catch(() => {});
  }

  async end(): Promise<ImportResult> {
    await this.send();
    await this.underway;
    return { ...this.counts, errors: this.errors.sort((a, b) => a.line - b.line) };
  }

  /** Branches are looked up as they are recorded, never in a list that follows: one that was just added is known. */
  private async rehearse(lines: readonly Line[]): Promise<void> {
    for (const branch of new Set(lines.map(({ event }) => event.data.branch))) {
      if (this.known.has(branch) || this.unknown.has(branch)) continue;
      if (await this.exists(branch)) this.known.add(branch);
      else this.remember(branch);
    }
    this.counts.recorded += this.ofKnownBranches(lines).length;
  }

  /** Whether a branch is known is the service's to say: it waits for one that was just added. */
  private async record(lines: readonly Line[]): Promise<void> {
    const sent = this.ofKnownBranches(lines);
    const outcomes = await this.client.recordMany(sent.map(({ event }) => event));
    for (const [at, { outcome, code = 'REFUSED', pointer }] of outcomes.entries()) {
      const { line, event } = sent[at]!;
      if (outcome === 'recorded') this.counts.recorded++;
      else if (outcome === 'already-recorded') this.counts.alreadyRecorded++;
      else {
        if (code === 'UNKNOWN_BRANCH') this.remember(event.data.branch);
        this.refuse({ line, column: this.columnOf(pointer), code });
      }
    }
  }

  private ofKnownBranches(lines: readonly Line[]): readonly Line[] {
    return lines.filter(({ line, event }) => {
      if (!this.unknown.has(event.data.branch)) return true;
      this.refuse({ line, column: this.columnOf('/data/branch'), code: 'UNKNOWN_BRANCH' });
      return false;
    });
  }

  private async exists(branch: string): Promise<boolean> {
    if (!/^[A-Za-z0-9-]{1,32}$/.test(branch)) return false;
    try {
      await this.client.send('GET', `/v1/branches/${branch}`);
      return true;
    } catch (error) {
      if (error instanceof RequestRefused && error.code === 'BRANCH_UNKNOWN') return false;
      throw error;
    }
  }

  private remember(unknown: string): void {
    this.unknown.add(unknown);
    if (this.unknown.size > unknownBranchesMax) {
      throw new Error(
        'The file names more than 10,000 unknown branches: check which column the mapping uses.',
      );
    }
  }

  private refuse(error: RowError): void {
    this.counts.refused++;
    if (this.errors.length < errorsMax) this.errors.push(error);
  }

  /** The column that the field at fault came from; empty when it is none. */
  private columnOf(pointer: string | undefined): string {
    const from = this.request.mapping[pointer?.split('/').at(-1) ?? ''];
    return typeof from === 'string' ? from : '';
  }
}

function errorsCsv(errors: readonly RowError[]): string {
  return stringify(errors as RowError[], {
    header: true,
    columns: ['line', 'column', 'code'],
    escape_formulas: true,
  });
}
