import type { ValidationMetadata } from 'class-validator/types/metadata/ValidationMetadata.js';
import { createRequire } from 'node:module';
import { constraintsOf } from './sentences.js';

/** Where class-transformer keeps what `@Type` says. It describes the file under another name than it has. */
const { defaultMetadataStorage } = createRequire(import.meta.url)(
  'class-transformer/cjs/storage.js',
) as typeof import('class-transformer/types/storage.js');

export type BodyClass<T extends object = object> = new () => T;

/** A field of a class of bodies. */
export interface BodyField {
  /** By name, such as `maxLength`. A field may have several of one name. */
  readonly constraints: readonly ValidationMetadata[];
  /** The class of the object, or of the objects in a list, that it holds. */
  readonly nested: BodyClass | undefined;
  readonly isList: boolean;
  readonly itemsMax: number;
}

const known = new WeakMap<BodyClass, ReadonlyMap<string, BodyField>>();

/** The fields of a class, by name. Only fields with constraints can be sent. */
export function fieldsOf(body: BodyClass): ReadonlyMap<string, BodyField> {
  let fields = known.get(body);
  if (fields === undefined) known.set(body, (fields = read(body)));
  return fields;
}

function read(body: BodyClass): ReadonlyMap<string, BodyField> {
  const constraints = new Map<string, ValidationMetadata[]>();
  for (const constraint of constraintsOf(body)) {
    const others = constraints.get(constraint.propertyName);
    if (others) others.push(constraint);
    else constraints.set(constraint.propertyName, [constraint]);
  }
  return new Map(
    [...constraints].map(([name, own]) => {
      const most = own.find((each) => each.name === 'arrayMaxSize')?.constraints[0] as number | undefined;
      return [
        name,
        {
          constraints: own,
          nested: defaultMetadataStorage.findTypeMetadata(body, name)?.typeFunction() as
            BodyClass | undefined,
          isList: own.some((each) => each.name === 'isArray'),
          itemsMax: most ?? Infinity,
        },
      ];
    }),
  );
}
