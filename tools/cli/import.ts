import {
  linesPerBatchMax,
  RequestRefused,
  type InteractionEvent,
  type LineOutcome,
  type ReadershipClient,
} from '@readership/client';
import { stringify } from 'csv-stringify/sync';
import { closeSync, existsSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import {
  mappedColumns,
  mappingProblems,
  RowReader,
  sourceOf,
  type Mapping,
  type RowError,
} from './csv-mapping.js';
import { csvChunks, type CsvRow } from './csv-rows.js';
import { expectEncoding } from './csv-text.js';

export interface ImportRequest {
  readonly file: string;
  readonly mapping: Mapping;
  /** CloudEvents source of the interactions; by default it depends on the mapping alone. */
  readonly source?: string;
  /** The encoding when the file has no byte order mark; UTF-8 by default. */
  readonly encoding?: string;
  readonly dryRun: boolean;
  /** A new file for the refused lines, as CSV of line, column, code and detail. It is made only when there are some. */
  readonly errorFile?: string;
}

export interface ImportResult {
  /** Rows, without those of separators alone. */
  readonly total: number;
  /** In a dry run, the number that would be recorded. */
  readonly recorded: number;
  readonly alreadyRecorded: number;
  readonly refused: number;
  /** In the order of the file. */
  readonly errors: readonly RowError[];
}

/** The import ended before its file did. What was recorded stays, and the same import again goes on. */
export class ImportStopped extends Error {
  override readonly name = 'ImportStopped';

  constructor(
    readonly result: ImportResult,
    override readonly cause: unknown,
  ) {
    super('The import stopped before the end of the file; run it again to go on.');
  }
}

const batchLimits = { lines: Math.min(2_000, linesPerBatchMax), bytes: 4_000_000 } as const;
/** The service takes lines of at most 128 KiB. */
const lineBytesMax = 120 * 1024;
/** More errors in one file than this point to a wrong mapping, not to bad lines. */
const errorsMax = 100_000;
const unknownBranchesMax = 10_000;

/**
 * Reads a CSV file in batches and records its rows as interactions. The next batch is read while the one before is
 * sent. In a dry run the service judges the same batches and records nothing. `report` gets the bytes read and the bytes
 * in all. Throws before anything is sent when the file or the mapping cannot be used, later `ImportStopped`.
 */
export async function importCsv(
  client: ReadershipClient,
  request: ImportRequest,
  report: (bytesRead: number, bytes: number) => void = () => {},
): Promise<ImportResult> {
  const { file, encoding, mapping, errorFile } = request;
  const bytes = statSync(file).size;
  // The whole text is read once before, because a wrong encoding must not be found when half of it is recorded.
  await expectEncoding(file, encoding);
  if (errorFile !== undefined) makeErrorFile(errorFile);
  let run: ImportRun | undefined;
  try {
    run = new ImportRun(client, request, await timeZoneOf(client));
    const chunks = csvChunks(
      { file, wanted: mappedColumns(mapping), ...(encoding === undefined ? {} : { encoding }) },
      (columns) => {
        const problems = mappingProblems(mapping, columns);
        if (problems.length > 0) throw new Error(problems.join('\n'));
      },
    );
    for await (const { rows, bytesRead } of chunks) {
      for (const row of rows) if (run.take(row)) await run.send();
      report(bytesRead, bytes);
    }
    return await run.end();
  } catch (error) {
    throw run === undefined || run.result().total === 0 ? error : new ImportStopped(run.result(), error);
  } finally {
    if (errorFile !== undefined) fillErrorFile(errorFile, run?.result().errors ?? []);
  }
}

/** The consortium's time zone; UTC until it has one. */
async function timeZoneOf(client: ReadershipClient): Promise<string> {
  try {
    const { body } = await client.send<{ readonly timeZone?: string }>('GET', '/v1/consortium');
    return body.timeZone ?? 'UTC';
  } catch (error) {
    if (error instanceof RequestRefused && error.status === 404) return 'UTC';
    throw error;
  }
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
  private batchBytes = 0;
  private underway: Promise<void> = Promise.resolve();
  /**
   * Branches that were refused after the service had waited for them, and how. Their other rows are not sent, because
   * each would wait again.
   */
  private readonly unknown = new Map<string, string>();
  /** In a dry run, what earlier batches would have recorded, by mapped id: rows that repeat an id are judged after it. */
  private readonly accepted = new Map<string, InteractionEvent>();

  constructor(
    private readonly client: ReadershipClient,
    private readonly request: ImportRequest,
    timeZone: string,
  ) {
    const { mapping, source = sourceOf(mapping) } = request;
    this.reader = new RowReader(mapping, source, timeZone);
  }

  /** Adds a row. Returns true when the batch is full. */
  take(row: CsvRow): boolean {
    this.counts.total++;
    const { line } = row;
    const read = 'fault' in row ? { line, ...row.fault } : this.reader.read(row.values, line);
    if ('code' in read) {
      this.refuse(read);
      return false;
    }
    const bytes = Buffer.byteLength(JSON.stringify(read));
    if (bytes > lineBytesMax) {
      this.refuse({
        line,
        column: '',
        code: 'ROW_TOO_LONG',
        detail: 'The row has more than 120 KiB: shorten it.',
      });
      return false;
    }
    this.batch.push({ line, event: read });
    this.batchBytes += bytes;
    return this.batch.length === batchLimits.lines || this.batchBytes >= batchLimits.bytes;
  }

  /** Sends the batch. Resolves when the batch before it was answered. */
  async send(): Promise<void> {
    const lines = this.batch;
    this.batch = [];
    this.batchBytes = 0;
    await this.underway;
    this.underway = this.judge(lines);
    // The next call of `send`, or the end, awaits it and gets the error.
    this.underway.catch(() => {});
  }

  async end(): Promise<ImportResult> {
    await this.send();
    await this.underway;
    return this.result();
  }

  result(): ImportResult {
    return { ...this.counts, errors: [...this.errors].sort((a, b) => a.line - b.line) };
  }

  /** Only the service decides, in a dry run too. */
  private async judge(lines: readonly Line[]): Promise<void> {
    const sent = lines.filter(({ line, event }) => {
      const detail = this.unknown.get(event.data.branch);
      if (detail === undefined) return true;
      this.refuse({ line, column: this.columnOf('/data/branch'), code: 'UNKNOWN_BRANCH', detail });
      return false;
    });
    const before = this.request.dryRun ? this.acceptedBefore(sent) : [];
    const events = [...before, ...sent.map(({ event }) => event)];
    const outcomes = this.request.dryRun
      ? await this.client.sendLines('/v1/interactions/batch?dryRun=true', events)
      : await this.client.recordMany(events);
    for (const [at, outcome] of outcomes.slice(before.length).entries()) this.count(sent[at]!, outcome);
  }

  private acceptedBefore(sent: readonly Line[]): readonly InteractionEvent[] {
    const ids = new Set(sent.map(({ event }) => event.id));
    return [...ids].flatMap((id) => this.accepted.get(id) ?? []);
  }

  private count(
    { line, event }: Line,
    { outcome, code = 'REFUSED', detail = '', pointer }: LineOutcome,
  ): void {
    if (outcome === 'recorded') {
      this.counts.recorded++;
      if (this.request.dryRun && 'id' in this.request.mapping) this.accepted.set(event.id, event);
    } else if (outcome === 'already-recorded') this.counts.alreadyRecorded++;
    else {
      if (code === 'UNKNOWN_BRANCH') this.remember(event.data.branch, detail);
      const at = code === 'ID_REUSED' ? '/id' : pointer;
      this.refuse({ line, column: this.columnOf(at), code, detail });
    }
  }

  private remember(unknown: string, detail: string): void {
    this.unknown.set(unknown, detail);
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

  /** The column of the field at fault; empty when it has no column. */
  private columnOf(pointer: string | undefined): string {
    const from = this.request.mapping[pointer?.split('/').at(-1) ?? ''];
    return typeof from === 'string' ? from : '';
  }
}

/** Makes the file at once, so that nothing of an earlier run, and no file of somebody else, is taken for its content. */
function makeErrorFile(file: string): void {
  if (existsSync(file)) {
    throw new Error(
      `--errors ${file} is there already, perhaps from an earlier run: delete it or name another.`,
    );
  }
  closeSync(openSync(file, 'wx'));
}

function fillErrorFile(file: string, errors: readonly RowError[]): void {
  if (errors.length === 0) rmSync(file);
  else writeFileSync(file, errorsCsv(errors));
}

function errorsCsv(errors: readonly RowError[]): string {
  return stringify(errors as RowError[], {
    header: true,
    columns: ['line', 'column', 'code', 'detail'],
    escape_formulas: true,
  });
}
