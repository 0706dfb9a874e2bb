import type { InteractionEvent } from '@readership/client';
import { interactionKinds } from '@readership/contracts';
import { hash } from 'node:crypto';

/** Field of an interaction → name of the column it comes from, or a constant. */
export type Mapping = Readonly<Record<string, string | { readonly const: string | number | boolean }>>;

export interface RowError {
  /** Of the file, the header being line 1. */
  readonly line: number;
  /** The column at fault, or empty. */
  readonly column: string;
  readonly code: string;
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

/** Why a mapping cannot be used with a file's columns; empty when it can. */
export function mappingProblems(mapping: Mapping, columns: readonly string[]): string[] {
  const problems: string[] = [];
  for (const field of required) if (!(field in mapping)) problems.push(`The mapping lacks ${field}.`);
  for (const [field, from] of Object.entries(mapping)) {
    if (!fields.includes(field))
      problems.push(`${field} is not a field of an interaction; the fields are ${fields.join(', ')}.`);
    if (typeof from === 'string' && !columns.includes(from)) {
      problems.push(
        `${field} comes from the column ${from}, which the file does not have; it has ${columns.join(', ')}.`,
      );
    }
  }
  return problems;
}

/**
 * Makes interactions of a file's rows. A row without a mapped id gets SHA-256 of its mapped values and how often they
 * were seen before in the file, so the same file again records nothing. A day alone, or the first day of an ISO 8601
 * interval, stands for noon UTC of that day.
 */
export class RowReader {
  private readonly seen = new Map<string, number>();

  constructor(
    private readonly mapping: Mapping,
    private readonly source: string,
  ) {}

  /** Line is that of the file. */
  read(row: Readonly<Record<string, string>>, line: number): InteractionEvent | RowError {
    const value = (field: string): string | undefined => {
      const from = this.mapping[field];
      const raw = from === undefined ? undefined : typeof from === 'string' ? row[from] : String(from.const);
      return raw === undefined || raw.trim() === '' ? undefined : raw.trim();
    };
    const wrong = (field: string, code: string): RowError => {
      const from = this.mapping[field];
      return { line, column: typeof from === 'string' ? from : '', code };
    };
    for (const field of required) if (value(field) === undefined) return wrong(field, 'MISSING');
    const kind = interactionKinds.find((known) => known === value('kind'));
    if (kind === undefined) return wrong('kind', 'UNKNOWN_KIND');
    const time = instantOf(value('time')!);
    if (time === null) return wrong('time', 'BAD_TIME');
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
    const text = (field: 'card' | 'patronId' | 'channel' | 'details') =>
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
        ...text('card'),
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
}

function wholeNumber(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function instantOf(text: string): string | null {
  const start = text.split('/')[0]!;
  const instant = /^\d{4}-\d{2}-\d{2}$/.test(start) ? `${start}T12:00:00Z` : start;
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(instant)) return null;
  // A day that does not exist, such as 31 April, would silently become the next month's first.
  const day = start.slice(0, 10);
  if (Number.isNaN(Date.parse(instant)) || new Date(day).getUTCDate() !== Number(day.slice(8))) return null;
  return instant;
}
