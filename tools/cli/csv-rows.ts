import { Parser } from 'csv-parse';
import { createReadStream } from 'node:fs';

export interface CsvRow {
  /** Line of the file; the header is line 1. */
  readonly line: number;
  readonly values: Readonly<Record<string, string>>;
}

export interface CsvChunk {
  readonly rows: readonly CsvRow[];
  /** Bytes of the file up to the end of this chunk. */
  readonly bytesRead: number;
}

/** The longest row, so that a quote that is never closed does not load the rest of the file into memory. */
const rowBytesMax = 1024 * 1024;

/**
 * The rows of a CSV file in chunks as they are read from the disk. No row is awaited separately, and at most one chunk
 * of the file is held. `checkHeader` throws when the columns cannot be used. Rejects with one line that names the first
 * line of the file that is not CSV.
 */
export async function* csvChunks(
  file: string,
  checkHeader: (columns: readonly string[]) => void,
): AsyncGenerator<CsvChunk> {
  const parser = new RowParser({
    bom: true,
    skip_empty_lines: true,
    max_record_size: rowBytesMax,
    columns: (header: string[]) => {
      checkHeader(header);
      return header;
    },
  });
  parser.resume();
  const failed = new Promise<never>((_resolve, reject) => parser.once('error', reject));
  failed.catch(() => {});
  let bytesRead = 0;
  for await (const bytes of createReadStream(file) as AsyncIterable<Buffer>) {
    await Promise.race([
      failed,
      new Promise<void>((parsed) => parser.write(bytes, (error) => error ?? parsed())),
    ]);
    bytesRead += bytes.length;
    yield { rows: parser.takeRows(), bytesRead };
  }
  await Promise.race([failed, new Promise((ended) => parser.once('end', ended).end())]);
  yield { rows: parser.takeRows(), bytesRead };
}

/**
 * Keeps its rows with their lines instead of queueing each row. The parser's `info` option would take as long as
 * parsing.
 */
class RowParser extends Parser {
  private rows: CsvRow[] = [];

  override push(values: CsvRow['values'] | null): boolean {
    if (values === null) return super.push(null);
    this.rows.push({ line: this.info.lines, values });
    return true;
  }

  takeRows(): readonly CsvRow[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }
}
