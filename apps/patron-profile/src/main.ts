import { PatronProfileModule } from '@readership/patron-profile';
import { clusterAdapters } from '@readership/cluster';
import { runService } from '@readership/host';

await runService('patron-profile', PatronProfileModule, clusterAdapters);
