/** The folder with the jars of `<name>/pom.xml`, downloaded once into the cache. */
export function jars(name: 'kafka' | 'mongodb', cache: string): Promise<string>;
