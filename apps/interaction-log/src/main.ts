import { InteractionLogModule } from '@readership/interaction-log';
import { clusterAdapters } from '@readership/cluster';
import { runService } from '@readership/host';

await runService('interaction-log', InteractionLogModule, clusterAdapters);
