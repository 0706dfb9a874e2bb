import { type FactData, type PublishedType } from '@readership/contracts';
import { type Adapters, type Marks } from '@readership/kernel';
/** Stands for the other contexts in a spec: publishes what it is told to publish. */
export interface Neighbours {
  /** Publishes a fact under a key. Resolves once it is on the log. `at` is when it is recorded. */
  publish<T extends PublishedType>(type: T, key: string, data: FactData<T>, at?: string): Promise<Marks>;
}
export declare function neighbours(adapters: Adapters): Neighbours;
