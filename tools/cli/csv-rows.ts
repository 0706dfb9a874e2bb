import { Parser } from 'csv-parse';
import { createReadStream } from 'node:fs';

export interface CsvRow {
  /** Of the file, the header being line 1. */
  readonly line: number;
  readonly values: Readonly<Record<string, string>>;
}

export interface CsvChunk {
  readonly rows: readonly CsvRow[];
  /** Of the file, up to the end of this chunk. */
  readonly bytesRead: number;
}

/** A quote that is never closed must not draw the rest of the file into memory. */
const rowBytesMax = 1024 * 1024;

/**
 * The rows of a CSV file as they come off the disk, many at a time: nothing is awaited for a row alone, and no more than a
 * chunk of the file is held. `checkHeader` throws when the columns will not do. Rejects with one line that names the line
 * of the file at which it is no CSV.
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

/** Keeps its rows, each with its line, instead of queueing them one by one: asking for `info` would take as long as parsing. */
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
