interface Figure {
  readonly metric: string;
  readonly unit: string;
  readonly currency?: string;
}
interface Point {
  readonly value: number | null;
  readonly suppressed?: boolean;
}
interface Named {
  readonly id: string;
  readonly name: string;
}
interface Page {
  readonly items: readonly unknown[];
  readonly nextCursor: string | null;
}

export function periodName(period: string): string;
export function shown(figure: Figure, value: number | null | undefined, locale?: string): string;
export function shownPoint(figure: Figure, point: Point | undefined, locale?: string): string;
export function change(figure: Figure, point: Point, before: Point | undefined, locale?: string): string;
export function missing(point: {
  readonly complete: boolean;
  readonly suppressed?: boolean;
  readonly covered?: { readonly with: number; readonly of: number };
}): string;
export function everyItem(get: (path: string) => Promise<Page>, path: string): Promise<unknown[]>;
export function scopeChoices(
  libraries: readonly Named[],
  branches: readonly Named[],
  chosen: string,
): (readonly [value: string, label: string])[];
