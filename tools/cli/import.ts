import { linesPerBatchMax, type InteractionEvent, type ReadershipClient } from '@readership/client';
import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import { createReadStream, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { mappingProblems, RowReader, type Mapping, type RowError } from './csv-mapping.js';

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
  readonly errors: readonly RowError[];
}

const batchLines = Math.min(2_000, linesPerBatchMax);
/** More than this in one file points to a wrong mapping, not to bad lines. */
const errorsMax = 100_000;

/**
 * Reads a CSV in batches and records its rows as interactions. A dry run sends nothing, but asks for the branches, so it
 * finds what a real one would refuse. `report` is told bytes read of bytes in all.
 */
export async function importCsv(
  client: ReadershipClient,
  request: ImportRequest,
  report: (bytesRead: number, bytes: number) => void = () => {},
): Promise<ImportResult> {
  const bytes = statSync(request.file).size;
  const input = createReadStream(request.file);
  const parser = input.pipe(
    parse({ bom: true, columns: true, relax_column_count: false, skip_empty_lines: true, info: true }),
  );
  const reader = new RowReader(request.mapping, request.source ?? `/import/${basename(request.file)}`);
  const known = await branchIds(client);
  const counts = { total: 0, recorded: 0, alreadyRecorded: 0, refused: 0 };
  const errors: RowError[] = [];
  let batch: { readonly line: number; readonly event: InteractionEvent }[] = [];
  let checked = false;

  const refuse = (error: RowError): void => {
    counts.refused++;
    if (errors.length < errorsMax) errors.push(error);
  };
  const send = async (): Promise<void> => {
    const lines = batch;
    batch = [];
    if (request.dryRun) {
      counts.recorded += lines.length;
      return;
    }
    const outcomes = await client.recordMany(lines.map(({ event }) => event));
    outcomes.forEach(({ outcome, code }, index) => {
      if (outcome === 'recorded') counts.recorded++;
      else if (outcome === 'already-recorded') counts.alreadyRecorded++;
      else refuse({ line: lines[index]!.line, column: '', code: code ?? 'REFUSED' });
    });
  };

  for await (const { record, info } of parser as AsyncIterable<{
    record: Record<string, string>;
    info: { lines: number };
  }>) {
    if (!checked) {
      const problems = mappingProblems(request.mapping, Object.keys(record));
      if (problems.length > 0) throw new Error(problems.join('\n'));
      checked = true;
    }
    counts.total++;
    const read = reader.read(record, info.lines);
    if ('code' in read) refuse(read);
    else if (!known.has(read.data.branch))
      refuse({ line: info.lines, column: columnOf(request.mapping['branch']), code: 'UNKNOWN_BRANCH' });
    else batch.push({ line: info.lines, event: read });
    if (batch.length === batchLines) {
      await send();
      report(input.bytesRead, bytes);
    }
  }
  await send();
  report(bytes, bytes);
  if (request.errorFile !== undefined && errors.length > 0) {
    await writeFile(
      request.errorFile,
      stringify(errors as RowError[], {
        header: true,
        columns: ['line', 'column', 'code'],
        escape_formulas: true,
      }),
    );
  }
  return { ...counts, errors };
}

function columnOf(from: Mapping[string] | undefined): string {
  return typeof from === 'string' ? from : '';
}

async function branchIds(client: ReadershipClient): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await client.send<{ items: { id: string }[]; nextCursor: string | null }>(
      'GET',
      `/v1/branches?limit=200${query}`,
    );
    for (const { id } of body.items) ids.add(id);
    cursor = body.nextCursor;
  } while (cursor !== null);
  return ids;
}
