import type { InteractionEvent } from '@readership/client';
import { interactionKinds, isBlank } from '@readership/contracts';
import { hash } from 'node:crypto';
import { Temporal } from 'temporal-polyfill';

/** Maps a field of an interaction to the name of its column, or to a constant. */
export type Mapping = Readonly<Record<string, string | { readonly const: string | number | boolean }>>;

export interface RowError {
  /** Line of the file; the header is line 1. */
  readonly line: number;
  /** The column at fault, or empty. */
  readonly column: string;
  readonly code: string;
  /** What is wrong and what would be right. */
  readonly detail: string;
}

const fields = [
  'id',
  'time',
  'kind',
  'branch',
  'card',
  'patronId',
  'quantity',
  'startedBy',
  'channel',
  'readScale',
  'digital',
  'details',
];
const required = ['time', 'kind', 'branch'];

const remedies = {
  MISSING: 'The cell is empty, and the mapping needs a value from it.',
  UNKNOWN_KIND: `There is no such kind of interaction; the kinds are ${interactionKinds.join(', ')}.`,
  BAD_TIME:
    'The time must be a day of the calendar such as 2024-03-31, or a time with its offset such as 2024-03-31T09:15:00+02:00.',
  BAD_QUANTITY: 'The quantity must be a whole number of at least 1, without signs between the digits.',
  BAD_READ_SCALE: 'The READ scale must be a whole number from 1 to 6.',
  BAD_BOOLEAN: 'The value must be true or false.',
  BAD_STARTED_BY: 'startedBy must be patron or library.',
  CARD_ROUNDED: 'A spreadsheet has rounded this card number: save the column as text and export it again.',
} as const;

/** Why a mapping cannot be used with a file's columns; empty when it can. */
export function mappingProblems(mapping: Mapping, columns: readonly string[]): string[] {
  const problems: string[] = [];
  for (const field of required) if (!(field in mapping)) problems.push(`The mapping lacks ${field}.`);
  for (const [field, from] of Object.entries(mapping)) {
    if (!fields.includes(field))
      problems.push(`${field} is not a field of an interaction; the fields are ${fields.join(', ')}.`);
    const column = columnOf(from);
    if (column === null) {
      if (!['string', 'number', 'boolean'].includes(typeof (from as { const?: unknown } | null)?.const))
        problems.push(`${field} must be mapped to the name of a column, or to {"const": value}.`);
      continue;
    }
    const times = columns.filter((name) => name === column).length;
    if (times === 0)
      problems.push(
        `${field} comes from the column ${column}, which the file does not have; it has ${columns.join(', ')}.`,
      );
    if (times > 1)
      problems.push(
        `${field} comes from the column ${column}, which the file has ${times} times: name the columns differently.`,
      );
  }
  return problems;
}

/** The columns that a mapping names. */
export function mappedColumns(mapping: Mapping): readonly string[] {
  return Object.values(mapping).flatMap((from) => columnOf(from) ?? []);
}

function columnOf(from: Mapping[string] | undefined): string | null {
  return typeof from === 'string' ? from.normalize('NFC').trim() : null;
}

/**
 * The CloudEvents source of the rows of all files with this mapping. It depends on nothing else, so that a file that was
 * downloaded again under another name is known.
 */
export function sourceOf(mapping: Mapping): string {
  const sorted = Object.entries(mapping).sort(([a], [b]) => (a < b ? -1 : 1));
  return `/import/interactions/${hash('sha256', JSON.stringify(sorted), 'base64url').slice(0, 22)}`;
}

/**
 * Makes interactions of a file's rows. A row without a mapped id gets the SHA-256 of its mapped values and of how often
 * they occurred before in the file, so the same rows again record nothing. A day alone, or the first day of an ISO 8601
 * interval, stands for its noon in `timeZone`.
 */
export class RowReader {
  private readonly seen = new Map<string, number>();
  private readonly noons = new Map<string, string | null>();

  constructor(
    private readonly mapping: Mapping,
    private readonly source: string,
    private readonly timeZone: string,
  ) {}

  /** `line` is the line of the file. */
  read(row: Readonly<Record<string, string>>, line: number): InteractionEvent | RowError {
    const value = (field: string): string | undefined => {
      const from = this.mapping[field];
      if (from === undefined) return undefined;
      const column = columnOf(from);
      const raw = column === null ? String((from as { const: unknown }).const) : row[column];
      return raw === undefined || isBlank(raw) ? undefined : raw.trim();
    };
    const wrong = (field: string, code: keyof typeof remedies): RowError => {
      const column = columnOf(this.mapping[field]) ?? '';
      return { line, column, code, detail: remedies[code] };
    };
    for (const field of required) if (value(field) === undefined) return wrong(field, 'MISSING');
    const kind = interactionKinds.find((known) => known === value('kind'));
    if (kind === undefined) return wrong('kind', 'UNKNOWN_KIND');
    const time = this.instantOf(value('time')!);
    if (time === null) return wrong('time', 'BAD_TIME');
    // A count that was not made is not 1.
    if ('quantity' in this.mapping && value('quantity') === undefined) return wrong('quantity', 'MISSING');
    const quantity = value('quantity') === undefined ? undefined : wholeNumber(value('quantity')!);
    if (quantity === null || quantity === 0) return wrong('quantity', 'BAD_QUANTITY');
    const readScale = value('readScale') === undefined ? undefined : wholeNumber(value('readScale')!);
    if (readScale === null) return wrong('readScale', 'BAD_READ_SCALE');
    const digital = value('digital')?.toLowerCase();
    if (digital !== undefined && digital !== 'true' && digital !== 'false')
      return wrong('digital', 'BAD_BOOLEAN');
    const startedBy = value('startedBy');
    if (startedBy !== undefined && startedBy !== 'patron' && startedBy !== 'library')
      return wrong('startedBy', 'BAD_STARTED_BY');
    const card = unwrapped(value('card'));
    if (card !== undefined && /^\d+(?:[.,]\d+)?e[+-]?\d+$/i.test(card)) return wrong('card', 'CARD_ROUNDED');
    const text = (field: 'patronId' | 'channel' | 'details') =>
      value(field) === undefined ? {} : { [field]: value(field)! };
    return {
      specversion: '1.0',
      type: 'org.readership.interaction.v1',
      source: this.source,
      id: value('id') ?? this.idOf(fields.map((field) => value(field) ?? '')),
      time,
      data: {
        kind,
        branch: value('branch')!,
        ...(card === undefined ? {} : { card }),
        ...text('patronId'),
        ...(quantity === undefined ? {} : { quantity }),
        ...(startedBy === undefined ? {} : { startedBy }),
        ...text('channel'),
        ...(readScale === undefined ? {} : { readScale }),
        ...(digital === undefined ? {} : { digital: digital === 'true' }),
        ...text('details'),
      },
    };
  }

  private idOf(values: readonly string[]): string {
    const digest = hash('sha256', values.join('\u0000'), 'base64url');
    const occurrence = (this.seen.get(digest) ?? 0) + 1;
    this.seen.set(digest, occurrence);
    return `${digest}-${occurrence}`;
  }

  private instantOf(text: string): string | null {
    const [start, end, ...more] = text.split('/') as [string, ...string[]];
    if (more.length > 0 || (end !== undefined && !intervalEnd.test(end))) return null;
    if (/^\d{4}-\d{2}-\d{2}$/.test(start)) {
      const known = this.noons.get(start);
      if (known !== undefined) return known;
      const noon = noonOf(start, this.timeZone);
      this.noons.set(start, noon);
      return noon;
    }
    if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(start)) return null;
    // A day that does not exist, such as 31 April, would silently become the first of the next month.
    const day = start.slice(0, 10);
    const exists = new Date(day).getUTCDate() === Number(day.slice(8));
    if (Number.isNaN(Date.parse(start)) || !exists) return null;
    return start.replace(/T(\d{2}:\d{2})(?=Z|[+-])/, 'T$1:00');
  }
}

/** The end of an ISO 8601 interval: a day or a time, perhaps without what it has in common with the start, or a duration. */
const intervalEnd =
  /^(?:(?:(?:\d{4}-)?\d{2}-)?\d{2}|(?:\d{4}-\d{2}-\d{2}T)?\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?|P(?=.)[\dYMWDTHS.,]+)$/;

/** A card number as it was before a spreadsheet kept its zeros: by `'0012` or `="0012"`. */
function unwrapped(card: string | undefined): string | undefined {
  if (card === undefined) return undefined;
  const plain = /^="([^"]*)"$/.exec(card)?.[1] ?? card.replace(/^'(?=.)/, '');
  return isBlank(plain) ? undefined : plain.trim();
}

function wholeNumber(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** Noon of a day in a time zone, which no change of clocks moves to another day. `null` for a day that never was. */
function noonOf(day: string, timeZone: string): string | null {
  try {
    const noon = Temporal.PlainDate.from(day).toZonedDateTime({ timeZone, plainTime: '12:00' });
    // Zones that crossed the date line have left out a day.
    return noon.toPlainDate().toString() === day ? noon.toInstant().toString() : null;
  } catch {
    return null;
  }
}
