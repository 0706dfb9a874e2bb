import type { Fact, Publish } from '@readership/kernel';

/** How a context publishes its events. */
export interface Publishing {
  readonly name: string;
  readonly publish: Publish<any>;
  /** Throws on a fact that does not match its contract. Called at append when NODE_ENV is `test` or `development`. */
  readonly checkFact: (context: string, fact: Fact) => void;
}

/**
 * A context's `publish` with `checkFact`. Production has no check: a test has checked every fact of every context, and
 * a request should not fail for a fact that its readers may be able to read.
 */
export function checkedFacts({ name, publish, checkFact }: Publishing): Publish<any> {
  if (!['test', 'development'].includes(process.env.NODE_ENV ?? '')) return publish;
  return (event, stream) => {
    const publication = publish(event, stream);
    if (publication.fact !== null) checkFact(name, publication.fact);
    return publication;
  };
}
