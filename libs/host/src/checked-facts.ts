import type { Fact, Publish } from '@readership/kernel';

/** How a context publishes. */
export interface Publishing {
  readonly name: string;
  readonly publish: Publish<any>;
  /** Throws on a fact that is not as the contracts say. Asked at append while the software is tested or developed. */
  readonly checkFact?: (context: string, fact: Fact) => void;
}

/**
 * Not in production: every fact of every context was checked in a test, and a request is not to fail there for what
 * its readers may well be able to read.
 */
export function checkedFacts({ name, publish, checkFact }: Publishing): Publish<any> {
  if (!checkFact || !['test', 'development'].includes(process.env.NODE_ENV ?? '')) return publish;
  return (event, stream) => {
    const publication = publish(event, stream);
    if (publication.fact !== null) checkFact(name, publication.fact);
    return publication;
  };
}
