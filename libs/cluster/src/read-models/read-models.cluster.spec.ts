import type { ReadModels } from '@readership/kernel';
import {
  caughtBy,
  readModelsContract,
  readModelsModel,
  readModelsSaboteurs,
  runCase,
  type Fixture,
  type Maker,
} from '@readership/kernel/testing';
import { MongoReadModels } from './mongo-read-models.js';
import { scratch } from './testing.js';

function models(partitions: number): Maker<Fixture<ReadModels>> {
  return async () => {
    const place = await scratch();
    let port = new MongoReadModels(place.database, partitions);
    return {
      partitions,
      get port() {
        return port;
      },
      reopen: async () => {
        port = new MongoReadModels(place.database, partitions);
      },
      close: () => place.remove(),
    };
  };
}

for (const partitions of [1, 3]) {
  describe(`the read models on MongoDB with ${partitions} partition${partitions === 1 ? '' : 's'}`, () => {
    for (const one of readModelsContract) it(one.name, () => runCase(models(partitions), one));

    it('agree with maps over random histories', () => readModelsModel(models(partitions), { runs: 15 }));
  });
}

describe('the suite on MongoDB notices one that', () => {
  for (const saboteur of readModelsSaboteurs) {
    it(saboteur.name, async () =>
      expect(await caughtBy(readModelsContract, models(3), saboteur)).toBe(saboteur.breaks),
    );
  }
});
