import assert, { AssertionError } from 'node:assert/strict';

/** A port under test over data of its own. */
export interface Fixture<Port> {
  readonly partitions: number;
  /** The open port. `reopen` replaces it. */
  readonly port: Port;
  /** Closes the port and makes a new one over the same data. Work under way is abandoned, as in a crash. */
  reopen(): Promise<void>;
  /** Closes the port and removes its data. */
  close(): Promise<void>;
}

export type Maker<F extends Fixture<any>> = () => Promise<F>;

/** One guarantee of a port. Throws an `AssertionError` when the port does not keep it. */
export interface ContractCase<F extends Fixture<any>> {
  readonly name: string;
  run(fixture: F): Promise<void>;
}

/** Breaks one guarantee of a correct port, to show that the suite can fail. */
export interface Saboteur<Port> {
  readonly name: string;
  /** Name of the case that must notice it. */
  readonly breaks: string;
  /** Called once per fixture. The function it returns wraps the port each time the port is opened. */
  begin(): (port: Port) => Port;
}

/** Runs one case on a fixture of its own. */
export async function runCase<F extends Fixture<any>>(make: Maker<F>, one: ContractCase<F>): Promise<void> {
  const fixture = await make();
  try {
    await one.run(fixture);
  } finally {
    await fixture.close();
  }
}

/** The same fixtures, with a saboteur between the port and the case. */
export function sabotaged<Port extends object, F extends Fixture<Port>>(
  make: Maker<F>,
  saboteur: Saboteur<Port>,
): Maker<F> {
  return async () => {
    const inner = await make();
    const wrap = saboteur.begin();
    let port = wrap(inner.port);
    return around<F>(inner, {
      get port() {
        return port;
      },
      reopen: async () => {
        await inner.reopen();
        port = wrap(inner.port);
      },
    } as unknown as Partial<F>);
  };
}

/**
 * The name of the first case that notices the saboteur, or `null` when none does. Tries the case it is said to break
 * first. An error that is not a failed assertion is a fault of the saboteur and is thrown.
 */
export async function caughtBy<Port extends object, F extends Fixture<Port>>(
  suite: readonly ContractCase<F>[],
  make: Maker<F>,
  saboteur: Saboteur<Port>,
): Promise<string | null> {
  const named = suite.filter((one) => one.name === saboteur.breaks);
  assert.equal(named.length, 1, `there is one case named ${saboteur.breaks}`);
  for (const one of [...named, ...suite.filter((other) => !named.includes(other))]) {
    try {
      await runCase(sabotaged<Port, F>(make, saboteur), one);
    } catch (error) {
      if (error instanceof AssertionError) return one.name;
      throw error;
    }
  }
  return null;
}

/** The port with some of its methods replaced. */
export function around<T extends object>(port: T, replaced: Partial<T>): T {
  return new Proxy(port, {
    get(target, name) {
      if (name in replaced) return Reflect.get(replaced, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until the condition holds. Fails when it never does. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 5000,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) assert.fail(`not within ${withinMs} ms: ${what}`);
    await pause(5);
  }
}

/** What a promise resolves to. Fails when it does not resolve within `ms`. */
export async function within<T>(what: string, promise: Promise<T>, ms = 5000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AssertionError({ message: `not within ${ms} ms: ${what}` })), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function uuid(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}
