import { isBlank } from '@readership/contracts';
import { textParts } from './csv-text.js';

/** A row by its columns, or why it cannot be read. */
export type CsvRow = {
  /** Line of the file on which the row begins; the header is line 1. */
  readonly line: number;
} & ({ readonly values: Readonly<Record<string, string>> } | { readonly fault: RowFault });

export interface RowFault {
  /** The column at fault, or empty. */
  readonly column: string;
  readonly code: 'STRAY_QUOTE' | 'UNCLOSED_QUOTE' | 'TOO_MANY_CELLS' | 'TOO_FEW_CELLS';
  readonly detail: string;
}

export interface CsvChunk {
  readonly rows: readonly CsvRow[];
  /** Bytes of the file up to the end of this chunk. */
  readonly bytesRead: number;
}

export interface CsvFile {
  readonly file: string;
  /** The encoding when the file has no byte order mark; UTF-8 by default. */
  readonly encoding?: string;
  /** Names of columns, by which the delimiter is found. */
  readonly wanted: readonly string[];
}

/** The longest row, so that a quote that is never closed does not load the rest of the file into memory. */
const rowCharsMax = 1024 * 1024;
const delimiters = [',', ';', '\t', '|'] as const;

/**
 * The rows of a CSV file in chunks as they are read from the disk. Rows of separators alone are left out. A row that
 * cannot be read is told alone, and the line after it is read as the next row; no parser of others can be told to go on
 * there. `checkHeader` throws when the columns cannot be used; they come in order, with repetitions. Rejects when the
 * text cannot be read at all.
 */
export async function* csvChunks(
  { file, encoding, wanted }: CsvFile,
  checkHeader: (columns: readonly string[]) => void,
): AsyncGenerator<CsvChunk> {
  const splitter = new RowSplitter();
  let header: Header | undefined;
  const rows = (isEnd: boolean): CsvRow[] => {
    header ??= headerOf(splitter, wanted, isEnd, checkHeader);
    if (header === undefined) return [];
    const read: CsvRow[] = [];
    for (;;) {
      const row = splitter.next(header.delimiter, isEnd);
      if (row === null) return read;
      const named = namedRow(row, header.columns);
      if (named !== null) read.push(named);
    }
  };
  let bytesRead = 0;
  for await (const part of textParts(file, encoding)) {
    bytesRead = part.bytesRead;
    splitter.add(part.text);
    yield { rows: rows(false), bytesRead };
  }
  const last = rows(true);
  if (header === undefined) throw new Error('The file is empty: its first line has to name the columns.');
  yield { rows: last, bytesRead };
}

interface Header {
  readonly delimiter: string;
  readonly columns: readonly string[];
}

/** Takes the delimiter with which the header has the most of the wanted columns, then the most columns. */
function headerOf(
  splitter: RowSplitter,
  wanted: readonly string[],
  isEnd: boolean,
  checkHeader: (columns: readonly string[]) => void,
): Header | undefined {
  let best: (Header & { readonly found: number }) | undefined;
  for (const delimiter of delimiters) {
    const row = splitter.peek(delimiter, isEnd);
    if (row === null) return undefined;
    if (!('cells' in row)) continue;
    const columns = row.cells.map((name) => name.normalize('NFC').trim());
    const found = wanted.filter((name) => columns.includes(name)).length;
    const isBetter =
      best === undefined ||
      found > best.found ||
      (found === best.found && columns.length > best.columns.length);
    if (isBetter) best = { delimiter, columns, found };
  }
  if (best === undefined) throw new Error('The first line has to name the columns; it has a stray quote.');
  splitter.next(best.delimiter, isEnd);
  checkHeader(best.columns);
  return best;
}

function namedRow(row: SplitRow, columns: readonly string[]): CsvRow | null {
  const { line } = row;
  if ('code' in row) {
    const column = columns[row.cell] ?? '';
    return { line, fault: { column, code: row.code, detail: details[row.code] } };
  }
  const { cells } = row;
  if (cells.every((cell) => isBlank(cell))) return null;
  const extra = cells.slice(columns.length);
  if (cells.length < columns.length || extra.some((cell) => !isBlank(cell))) {
    const code = extra.length > 0 ? 'TOO_MANY_CELLS' : 'TOO_FEW_CELLS';
    const counts = `The row has ${cells.length} cells and the header has ${columns.length}`;
    return { line, fault: { column: '', code, detail: `${counts}: ${details[code]}` } };
  }
  return { line, values: Object.fromEntries(columns.map((name, at) => [name, cells[at]!])) };
}

const details = {
  STRAY_QUOTE: 'A quote stands inside a cell: put the cell into quotes, and write each quote in it twice.',
  UNCLOSED_QUOTE: 'A quote that begins a cell is not closed: close it, or write it twice in a quoted cell.',
  TOO_MANY_CELLS: 'put a cell that contains the separator into quotes.',
  TOO_FEW_CELLS: 'add the separators that are missing.',
} as const;

type SplitRow = { readonly line: number } & (
  | { readonly cells: readonly string[] }
  | { readonly code: 'STRAY_QUOTE' | 'UNCLOSED_QUOTE'; readonly cell: number }
);
/** What stands at a place of the text, and where it ends. */
type Found = { readonly row: SplitRow; readonly end: number };

/** Splits text into rows and cells. It holds the text of at most one chunk and one row. */
class RowSplitter {
  private text = '';
  private at = 0;
  private line = 1;

  /** Adds text that ends with a whole line, unless it is the last. */
  add(text: string): void {
    this.text = this.text.slice(this.at) + text.replace(/\r\n?/g, '\n');
    this.at = 0;
  }

  /** The next row, or `null` when it is not in the text as a whole. At the end of the file everything is whole. */
  next(delimiter: string, isEnd: boolean): SplitRow | null {
    const found = this.find(delimiter, isEnd);
    if (found === null) return null;
    for (let at = this.at; at < found.end; at++) if (this.text.charCodeAt(at) === 0x0a) this.line++;
    this.at = found.end;
    return found.row;
  }

  peek(delimiter: string, isEnd: boolean): SplitRow | null {
    return this.find(delimiter, isEnd)?.row ?? null;
  }

  private find(delimiter: string, isEnd: boolean): Found | null {
    const { text, at: from, line } = this;
    if (from >= text.length) return null;
    const lineEnd = text.indexOf('\n', from);
    if (lineEnd < 0 && !isEnd) return null;
    const to = lineEnd < 0 ? text.length : lineEnd;
    const plain = text.slice(from, to);
    const afterLine = Math.min(to + 1, text.length);
    if (!plain.includes('"')) return { row: { line, cells: plain.split(delimiter) }, end: afterLine };

    const cells: string[] = [];
    for (let at = from; ; at++) {
      if (text[at] === '"') {
        const close = closingQuote(text, at + 1);
        const isUnclosed = close < 0 || close - from > rowCharsMax;
        if (close < 0 && !isEnd && text.length - from <= rowCharsMax) return null;
        if (isUnclosed) return { row: { line, code: 'UNCLOSED_QUOTE', cell: cells.length }, end: afterLine };
        const next = text[close + 1];
        if (next !== undefined && next !== delimiter && next !== '\n')
          return { row: { line, code: 'STRAY_QUOTE', cell: cells.length }, end: afterLine };
        cells.push(text.slice(at + 1, close).replaceAll('""', '"'));
        at = close + 1;
      } else {
        const end = endOfCell(text, at, delimiter);
        const cell = text.slice(at, end);
        // Spreadsheets keep the zeros of a number by `="0012"`.
        if (cell.includes('"') && !/^="[^"]*"$/.test(cell))
          return { row: { line, code: 'STRAY_QUOTE', cell: cells.length }, end: afterLine };
        cells.push(cell);
        at = end;
      }
      if (text[at] !== delimiter) return { row: { line, cells }, end: Math.min(at + 1, text.length) };
    }
  }
}

/** The quote that closes a cell; a quote that is written twice does not. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}

function endOfCell(text: string, from: number, delimiter: string): number {
  for (let at = from; at < text.length; at++) if (text[at] === delimiter || text[at] === '\n') return at;
  return text.length;
}
