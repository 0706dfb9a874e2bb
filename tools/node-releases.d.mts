/** The last day on which each major version of Node gets fixes. */
export const maintainedUntil: Readonly<Record<number, string>>;

/** One line when Node `version` gets no more fixes on the day of `today`, else `null`; also for one that is not known. */
export function endOfLife(version: string, today: Date): string | null;
