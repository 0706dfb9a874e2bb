import { readModelsContract } from './read-models.contract.js';
import { readModelsModel } from './read-models-model.js';
import { runCase, type Maker } from './contract.js';
import type { ReadModelsFixture } from './batches.fixture.js';
import { MapReadModels } from './map-read-models.fixture.js';

/** The fake of the kernel's specs keeps the guarantees that the adapters keep. */
const make =
  (partitions: number): Maker<ReadModelsFixture> =>
  async () => {
    const stored: ConstructorParameters<typeof MapReadModels>[1] = new Map();
    let port = new MapReadModels(partitions, stored);
    return {
      partitions,
      get port() {
        return port;
      },
      reopen: async () => void (port = new MapReadModels(partitions, stored)),
      close: async () => undefined,
    };
  };

describe.each([1, 3])('read models in maps, %i partitions', (partitions) => {
  it.each(readModelsContract)('$name', (one) => runCase(make(partitions), one));

  it('behave as the model says', () => readModelsModel(make(partitions), { runs: 30 }));
});
