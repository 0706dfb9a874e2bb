/** The folder with the jars of `<name>/pom.xml`, downloaded once into the cache. */
export function jars(name: 'kafka' | 'mongodb', cache: string): Promise<string>;

/** The folder with the classes of a Java source that needs these jars, compiled once into the cache. */
export function classes(source: string, libraries: string, cache: string): Promise<string>;
