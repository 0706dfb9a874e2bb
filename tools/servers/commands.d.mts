/** What a line or two can tell: somebody has to do something about it. */
export class Unavailable extends Error {}

/** Resolves once `command` can be run: where it is missing, root installs Debian's package, and anybody else is told to. */
export function need(command: string, debianPackage: string): Promise<void>;
